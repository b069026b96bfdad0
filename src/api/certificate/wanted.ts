import { parseBool } from "../../base/numerals.ts";
import { firstOf } from "../annotation.ts";
import type { Config } from "../config/config.ts";
import {
  CERTIFICATE_CLASS,
  CERTIFICATE_TYPE,
  DISABLE_EXTERNAL_TLS,
  LAST_APPLIED,
  without,
} from "../labels.ts";
import type { ObjectMeta } from "../object.ts";
import type { Certificate } from "./kind.ts";

/** The Certificates that Routes, DomainMappings and namespaces ask for (spec C-030, C-054, C-071, C-073). */

export interface WantedCertificate {
  /** Also of its Secret. */
  readonly name: string;
  readonly namespace: string;
  readonly dnsNames: readonly string[];
  readonly domain?: string;
  readonly type?: "external-domain" | "cluster-local-domain" | "system-internal";
  readonly labels?: Readonly<Record<string, string>>;
  /** Of whoever asks: an annotation of theirs chooses another class. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

export function certificateOf(wanted: WantedCertificate, { network }: Config): Certificate {
  const { name, namespace, dnsNames, domain, type, labels, annotations } = wanted;
  const [classKey = ""] = CERTIFICATE_CLASS;
  const certificateClass = firstOf(annotations, CERTIFICATE_CLASS) || network.certificateClass;
  return {
    metadata: {
      name,
      namespace,
      labels: { ...labels, ...(type === undefined ? {} : { [CERTIFICATE_TYPE]: type }) },
      annotations: { ...without(annotations, [LAST_APPLIED]), [classKey]: certificateClass },
    },
    spec: {
      dnsNames: [...dnsNames],
      ...(domain === undefined ? {} : { domain }),
      secretName: name,
    },
  };
}

/** The cluster's choice, unless the object opts out (spec A-076, C-109). Validation has refused other words. */
export function wantsExternalTls({ annotations }: ObjectMeta, { network }: Config): boolean {
  const text = firstOf(annotations, DISABLE_EXTERNAL_TLS) ?? "";
  try {
    return network.externalDomainTls && !parseBool(text);
  } catch {
    return network.externalDomainTls;
  }
}
