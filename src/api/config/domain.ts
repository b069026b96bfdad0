import { CLUSTER_LOCAL, VISIBILITY } from "../labels.ts";
import { CLUSTER_DOMAIN } from "../names.ts";
import type { ConfigData } from "./reader.ts";
import { parseYaml, wrongType } from "./yaml.ts";

/** config-domain (spec C-139): which domain a route gets, by its labels. */
export interface DomainConfig {
  readonly domains: ReadonlyMap<
    string,
    { readonly selector: Readonly<Record<string, string>>; readonly type: string }
  >;
}

export const CLUSTER_LOCAL_DOMAIN = `svc.${CLUSTER_DOMAIN}`;

export function parseDomainConfig(data: ConfigData): DomainConfig {
  const domains = new Map<string, { selector: Readonly<Record<string, string>>; type: string }>();
  let hasCatchAll = false;
  for (const [domain, text] of Object.entries(data)) {
    if (domain === "_example") continue;
    const parsed = parseYaml(text, "config.domainInternalConfig");
    const selector = selectorOf(parsed.selector);
    const catchesAll = Object.keys(selector).length === 0;
    if (catchesAll) hasCatchAll = true;
    domains.set(domain, { selector, type: catchesAll ? "wildcard" : String(parsed.type ?? "") });
  }
  if (!hasCatchAll) domains.set(CLUSTER_LOCAL_DOMAIN, { selector: {}, type: "wildcard" });
  return { domains };
}

function selectorOf(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) {
    throw wrongType(value, "Go struct field domainInternalConfig.selector of type map[string]string");
  }
  return value as Record<string, string>;
}

/** The most specific matching domain; of equally specific ones the first by name. */
export function domainFor(config: DomainConfig, labels: Readonly<Record<string, string>>): string {
  if (labels[VISIBILITY] === CLUSTER_LOCAL) return CLUSTER_LOCAL_DOMAIN;
  let best = { domain: "", specificity: -1 };
  for (const [domain, { selector }] of config.domains) {
    const requirements = Object.entries(selector);
    if (!requirements.every(([key, value]) => labels[key] === value)) continue;
    const specificity = requirements.length;
    const isBetter =
      specificity > best.specificity || (specificity === best.specificity && domain < best.domain);
    if (isBetter) best = { domain, specificity };
  }
  return best.domain;
}
