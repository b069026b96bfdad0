import type { Config } from "../../../api/config/config.ts";
import { CLUSTER_LOCAL_DOMAIN, domainFor } from "../../../api/config/domain.ts";
import { CLUSTER_LOCAL, VISIBILITY } from "../../../api/labels.ts";
import type { Stored } from "../../../api/object.ts";
import type { Route } from "../../../api/route/kind.ts";
import { fullyQualifiedNameErrors } from "../../../api/syntax.ts";
import { EbbError } from "../../../base/errors.ts";

/** Under which names a Route answers: one origin for the Route, one for each tag (spec C-044…C-048). */
export interface Origin {
  /** "" for the main one. */
  readonly tag: string;
  /** Also the name of its placeholder Service. */
  readonly hostName: string;
  readonly isLocal: boolean;
  /** The full name: in the public domain, or within the cluster. */
  readonly domain: string;
}

export interface OriginOptions {
  readonly route: Stored<Route>;
  readonly tags: readonly string[];
  readonly config: Config;
  /** Placeholder Services that a user made local by the visibility label. */
  readonly localServices: ReadonlySet<string>;
}

/** The main origin first, then by tag. */
export function originsOf(options: OriginOptions): Origin[] {
  return ["", ...[...options.tags].filter((tag) => tag !== "").sort()].map((tag) => originOf(tag, options));
}

export function originOf(tag: string, { route, config, localServices }: OriginOptions): Origin {
  const { name, namespace = "", labels = {}, annotations = {} } = route.metadata;
  const { network, domain: domains } = config;
  const hostName = tag === "" ? name : network.tagTemplate.execute({ Name: name, Tag: tag });
  const forced = localServices.has(hostName) || labels[VISIBILITY] === CLUSTER_LOCAL;
  const domain = forced ? CLUSTER_LOCAL_DOMAIN : domainFor(domains, labels);
  const isLocal = domain === CLUSTER_LOCAL_DOMAIN;
  const full = forced
    ? localName(hostName, namespace)
    : network.domainTemplate.execute({
        Name: hostName,
        Namespace: namespace,
        Domain: domain,
        Annotations: annotations,
        Labels: labels,
      });
  checkHost(full);
  return { tag, hostName, isLocal, domain: full };
}

/** The templates made a name that no host may have: nothing of the Route is carried out before that is mended. */
export class RouteHostError extends EbbError {}

function checkHost(host: string): void {
  const [error] = fullyQualifiedNameErrors(host);
  if (error === undefined) return;
  const why = `url: Invalid value: ${JSON.stringify(host.replace(/\.$/, ""))}: ${error}`;
  const message = `domain name error: invalid domain name ${JSON.stringify(host)}: ${why}`;
  throw new RouteHostError("route-host", message);
}

/** All spellings of a name within the cluster. */
export function localHosts(hostName: string, namespace: string): string[] {
  const host = `${hostName}.${namespace}`;
  return [host, `${host}.svc`, `${host}.${CLUSTER_LOCAL_DOMAIN}`];
}

export function localName(hostName: string, namespace: string): string {
  return `${hostName}.${namespace}.${CLUSTER_LOCAL_DOMAIN}`;
}
