import { type DuckStatus, duckStatusFields } from "../duck-status.ts";
import type { Kind } from "../kind.ts";
import { type Resource, resource } from "../resource.ts";
import { array, intOrString, object, string } from "../schema.ts";

export interface CertificateSpec {
  dnsNames: string[];
  /** The name that the certificate is issued to; a suffix of one of dnsNames. */
  domain?: string;
  secretName: string;
}

export interface Http01Challenge {
  url?: string;
  serviceName?: string;
  serviceNamespace?: string;
  servicePort?: number | string;
}

export interface CertificateStatus extends DuckStatus {
  notAfter?: string;
  http01Challenges?: Http01Challenge[];
}

export type Certificate = Resource<CertificateSpec, CertificateStatus>;

const challengeSchema = object(
  {},
  { url: string(), serviceName: string(), serviceNamespace: string(), servicePort: intOrString() },
);

/** spec. */
export const CertificateKind: Kind<Certificate> = {
  group: "networking.internal.knative.dev",
  version: "v1alpha1",
  kind: "Certificate",
  plural: "certificates",
  singular: "certificate",
  shortNames: ["kcert"],
  categories: ["knative-internal", "networking"],
  namespaced: true,
  custom: true,
  statusSubresource: true,
  schema: resource<CertificateSpec, CertificateStatus>(
    object({ dnsNames: array(string()), secretName: string() }, { domain: string() }),
    object(
      {},
      {
        ...duckStatusFields,
        notAfter: string({ format: "date-time" }),
        http01Challenges: array(challengeSchema),
      },
    ),
  ),
  columns: [
    { name: "Ready", type: "string", value: '.status.conditions[?(@.type=="Ready")].status' },
    { name: "Reason", type: "string", value: '.status.conditions[?(@.type=="Ready")].reason' },
  ],
};
