import type { Kind } from "../kind.ts";
import { type Resource, resource } from "../resource.ts";
import { object, string } from "../schema.ts";

export interface ClusterDomainClaimSpec {
  /** The one namespace that may map the domain after which the claim is named. */
  namespace: string;
}

export type ClusterDomainClaim = Resource<ClusterDomainClaimSpec, unknown>;

/** spec. */
export const ClusterDomainClaimKind: Kind<ClusterDomainClaim> = {
  group: "networking.internal.knative.dev",
  version: "v1alpha1",
  kind: "ClusterDomainClaim",
  plural: "clusterdomainclaims",
  singular: "clusterdomainclaim",
  shortNames: ["cdc"],
  categories: ["knative-internal", "networking"],
  namespaced: false,
  custom: true,
  statusSubresource: true,
  schema: resource<ClusterDomainClaimSpec, unknown>(object({ namespace: string() }, {}), object({}, {})),
  columns: [{ name: "Age", type: "date", value: ".metadata.creationTimestamp" }],
};
