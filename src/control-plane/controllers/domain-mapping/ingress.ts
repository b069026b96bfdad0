import { firstOf } from "../../../api/annotation.ts";
import type { Config } from "../../../api/config/config.ts";
import { httpOptionOf } from "../../../api/config/http-option.ts";
import type { DomainMapping } from "../../../api/domain-mapping/kind.ts";
import type { Ingress } from "../../../api/ingress/kind.ts";
import {
  DOMAIN_MAPPING_NAMESPACE,
  DOMAIN_MAPPING_UID,
  INGRESS_CLASS,
  LAST_APPLIED,
  without,
} from "../../../api/labels.ts";
import { ingressName } from "../../../api/names.ts";
import type { Stored } from "../../../api/object.ts";
import type { Target } from "./target.ts";

/** The Ingress of a DomainMapping: one public host whose requests go on under the target's own name (spec C-070). */
export function mappingIngress(mapping: Stored<DomainMapping>, target: Target, config: Config): Ingress {
  const { name, namespace = "", uid, labels, annotations } = mapping.metadata;
  const [classKey = ""] = INGRESS_CLASS;
  const secretName = mapping.spec.tls?.secretName;
  const split = {
    serviceName: target.service,
    serviceNamespace: namespace,
    servicePort: 80,
    percent: 100,
    appendHeaders: { "K-Original-Host": name },
  };
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
        {
          hosts: [name],
          visibility: "ExternalIP",
          http: { paths: [{ rewriteHost: target.host, splits: [split] }] },
        },
      ],
      ...(secretName ? { tls: [{ hosts: [name], secretName, secretNamespace: namespace }] } : {}),
    },
  };
}
