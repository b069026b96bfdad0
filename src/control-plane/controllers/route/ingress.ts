import { firstOf } from "../../../api/annotation.ts";
import type { Config } from "../../../api/config/config.ts";
import { httpOptionOf } from "../../../api/config/http-option.ts";
import type { Ingress, IngressPath, IngressRule, IngressSplit } from "../../../api/ingress/kind.ts";
import {
  INGRESS_CLASS,
  LAST_APPLIED,
  ROLLOUT,
  ROUTE,
  ROUTE_NAMESPACE,
  TAG_TO_HOST,
  without,
} from "../../../api/labels.ts";
import { ingressName } from "../../../api/names.ts";
import type { Stored } from "../../../api/object.ts";
import type { Route } from "../../../api/route/kind.ts";
import type { RouteTls } from "./certificates.ts";
import { localHosts, type Origin } from "./origins.ts";
import type { RevisionTarget, Traffic } from "./traffic.ts";

/** The Ingress of a Route (spec C-050…C-052). */

const PORTS = { http1: 80, h2c: 81 } as const;

export interface IngressParts {
  readonly route: Stored<Route>;
  readonly origins: readonly Origin[];
  /** Shares of gradual rollouts are dealt out already. */
  readonly byName: Traffic["byName"];
  /** State of gradual rollouts, as kept in an annotation. */
  readonly rollout: string;
  readonly config: Config;
  readonly tls: Pick<RouteTls, "tls" | "challenges">;
}

export function ingressOf(parts: IngressParts): Ingress {
  const { route, origins, config } = parts;
  const { name, namespace = "", labels, annotations } = route.metadata;
  const ingressClass = firstOf(annotations, INGRESS_CLASS) || config.network.ingressClass;
  const [classKey = ""] = INGRESS_CLASS;
  const tagged = origins.filter(({ tag }) => tag !== "").map(({ tag, domain }) => [tag, [domain]]);
  return {
    metadata: {
      name: ingressName(name),
      namespace,
      labels: { ...labels, [ROUTE]: name, [ROUTE_NAMESPACE]: namespace },
      annotations: {
        ...without(annotations, [LAST_APPLIED]),
        [classKey]: ingressClass,
        [ROLLOUT]: parts.rollout,
        ...(tagged.length > 0 ? { [TAG_TO_HOST]: JSON.stringify(Object.fromEntries(tagged)) } : {}),
      },
    },
    spec: {
      httpOption: httpOptionOf(annotations, config),
      rules: origins.flatMap((origin) => rulesOf(origin, parts)),
      ...(parts.tls.tls.length > 0 ? { tls: [...parts.tls.tls] } : {}),
    },
  };
}

/** Names within the cluster first; a public origin also answers under its public name. */
function rulesOf(origin: Origin, parts: IngressParts): IngressRule[] {
  const { namespace = "" } = parts.route.metadata;
  const paths = pathsOf(origin, parts);
  const local: IngressRule = {
    hosts: localHosts(origin.hostName, namespace),
    visibility: "ClusterLocal",
    http: { paths },
  };
  if (origin.isLocal) return [local];
  const challenges = parts.tls.challenges.filter(({ host }) => host === origin.domain);
  const http = { paths: [...challenges.map(({ path }) => path), ...paths] };
  return [local, { hosts: [origin.domain], visibility: "ExternalIP", http }];
}

/** With tag-header-based-routing the main origin sends a request that names a tag to that tag (spec C-051). */
function pathsOf(origin: Origin, { byName, config, route }: IngressParts): IngressPath[] {
  const splits = splitsOf(byName.get(origin.tag) ?? [], route);
  if (config.features.flags["tag-header-based-routing"] !== "Enabled") return [{ splits }];
  if (origin.tag !== "") return [{ splits, appendHeaders: { "Knative-Serving-Tag": origin.tag } }];
  const tags = [...byName.keys()].filter((tag) => tag !== "").sort();
  return [
    ...tags.map((tag) => ({
      headers: { "Knative-Serving-Tag": { exact: tag } },
      splits: splitsOf(byName.get(tag) ?? [], route),
    })),
    { splits, ...(tags.length > 0 ? { appendHeaders: { "Knative-Serving-Default-Route": "true" } } : {}) },
  ];
}

function splitsOf(targets: readonly RevisionTarget[], route: Stored<Route>): IngressSplit[] {
  const { namespace = "" } = route.metadata;
  return targets
    .filter(({ percent }) => percent > 0)
    .map(({ revisionName, percent, protocol }) => ({
      serviceName: revisionName,
      serviceNamespace: namespace,
      servicePort: PORTS[protocol],
      percent,
      appendHeaders: {
        "Knative-Serving-Revision": revisionName,
        "Knative-Serving-Namespace": namespace,
      },
    }));
}
