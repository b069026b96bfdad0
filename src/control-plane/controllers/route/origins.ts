import type { Config } from "../../../api/config/config.ts";
import { CLUSTER_LOCAL_DOMAIN, domainFor } from "../../../api/config/domain.ts";
import { CLUSTER_LOCAL, VISIBILITY } from "../../../api/labels.ts";
import type { Stored } from "../../../api/object.ts";
import type { Route } from "../../../api/route/kind.ts";

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

function originOf(tag: string, { route, config, localServices }: OriginOptions): Origin {
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
  return { tag, hostName, isLocal, domain: full };
}

export function localName(hostName: string, namespace: string): string {
  return `${hostName}.${namespace}.${CLUSTER_LOCAL_DOMAIN}`;
}
