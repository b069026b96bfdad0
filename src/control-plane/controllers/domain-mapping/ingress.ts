import { firstOf } from "../../../api/annotation.ts";
import type { Config } from "../../../api/config/config.ts";
import { httpOptionOf } from "../../../api/config/http-option.ts";
import type { DomainMapping } from "../../../api/domain-mapping/kind.ts";
import type { Ingress, IngressPath, IngressRule } from "../../../api/ingress/kind.ts";
import {
  DOMAIN_MAPPING_NAMESPACE,
  DOMAIN_MAPPING_UID,
  INGRESS_CLASS,
  LAST_APPLIED,
  without,
} from "../../../api/labels.ts";
import { ingressName } from "../../../api/names.ts";
import type { Stored } from "../../../api/object.ts";
import type { MappingTls } from "./certificate.ts";
import type { Target } from "./target.ts";

/** The Ingress of a DomainMapping: one public host whose requests go on under the target's own name (spec C-070). */
export function mappingIngress(
  mapping: Stored<DomainMapping>,
  { target, tls }: { readonly target: Target; readonly tls: Pick<MappingTls, "tls" | "challenges"> },
  config: Config,
): Ingress {
  const { name, namespace = "", uid, labels, annotations } = mapping.metadata;
  const [classKey = ""] = INGRESS_CLASS;
  const split = {
    serviceName: target.service,
    serviceNamespace: namespace,
    servicePort: 80,
    percent: 100,
    appendHeaders: { "K-Original-Host": name },
  };
  const challengesFor = (isOurs: boolean) => tls.challenges.filter(({ host }) => (host === name) === isOurs);
  return {
    metadata: {
      name: ingressName(name),
      namespace,
      labels: { ...labels, [DOMAIN_MAPPING_UID]: uid, [DOMAIN_MAPPING_NAMESPACE]: namespace },
      annotations: {
        ...without(annotations, [LAST_APPLIED]),
        [classKey]: firstOf(annotations, INGRESS_CLASS) || config.network.ingressClass,
      },
    },
    spec: {
      httpOption: httpOptionOf(annotations, config),
      rules: [
        ruleFor(name, [
          ...challengesFor(true).map(({ path }) => path),
          { rewriteHost: target.host, splits: [split] },
        ]),
        // A shortened name of the certificate is asked for under a host that nothing else answers.
        ...challengesFor(false).map(({ host, path }) => ruleFor(host, [path])),
      ],
      ...(tls.tls.length > 0 ? { tls: [...tls.tls] } : {}),
    },
  };
}

function ruleFor(host: string, paths: IngressPath[]): IngressRule {
  return { hosts: [host], visibility: "ExternalIP", http: { paths } };
}
