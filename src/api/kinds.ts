/** Every kind that ebb serves, in the order in which discovery lists them within a group. */

import { CertificateKind } from "./certificate/kind.ts";
import { ClusterDomainClaimKind } from "./cluster-domain-claim/kind.ts";
import { ClusterRoleKind } from "./cluster-role/kind.ts";
import { ClusterRoleBindingKind } from "./cluster-role-binding/kind.ts";
import { ConfigMapKind } from "./config-map/kind.ts";
import { ConfigurationKind } from "./configuration/kind.ts";
import { CoreServiceKind } from "./core-service/kind.ts";
import { CustomResourceDefinitionKind } from "./custom-resource-definition/kind.ts";
import { DeploymentKind } from "./deployment/kind.ts";
import { DomainMappingKind } from "./domain-mapping/kind.ts";
import { EndpointSliceKind } from "./endpoint-slice/kind.ts";
import { EndpointsKind } from "./endpoints/kind.ts";
import { EventKind } from "./event/kind.ts";
import { HorizontalPodAutoscalerKind } from "./horizontal-pod-autoscaler/kind.ts";
import { ImageKind } from "./image/kind.ts";
import { IngressKind } from "./ingress/kind.ts";
import type { Kind } from "./kind.ts";
import { LeaseKind } from "./lease/kind.ts";
import { MetricKind } from "./metric/kind.ts";
import { NamespaceKind } from "./namespace/kind.ts";
import type { ApiObject } from "./object.ts";
import { PersistentVolumeClaimKind } from "./persistent-volume-claim/kind.ts";
import { PodKind } from "./pod/kind.ts";
import { PodAutoscalerKind } from "./pod-autoscaler/kind.ts";
import { PodDisruptionBudgetKind } from "./pod-disruption-budget/kind.ts";
import { ReplicaSetKind } from "./replica-set/kind.ts";
import { ResourceQuotaKind } from "./resource-quota/kind.ts";
import { RevisionKind } from "./revision/kind.ts";
import { RoleKind } from "./role/kind.ts";
import { RoleBindingKind } from "./role-binding/kind.ts";
import { RouteKind } from "./route/kind.ts";
import { SecretKind } from "./secret/kind.ts";
import { ServerlessServiceKind } from "./serverless-service/kind.ts";
import { ServiceKind } from "./service/kind.ts";
import { ServiceAccountKind } from "./service-account/kind.ts";
import {
  MutatingWebhookConfigurationKind,
  ValidatingWebhookConfigurationKind,
} from "./webhook-configuration/kind.ts";

/** A kind whatever its objects look like; a table, a verb or the storage needs no more. */
export type AnyKind = Kind<ApiObject>;

/** Whoever holds AnyKind hands objects of that kind alone to its columns, so forgetting the type is safe. */
function asAnyKind<T extends ApiObject>(kind: Kind<T>): AnyKind {
  return kind as unknown as AnyKind;
}

export const KINDS: readonly AnyKind[] = [
  asAnyKind(ConfigMapKind),
  asAnyKind(EndpointsKind),
  asAnyKind(EventKind),
  asAnyKind(NamespaceKind),
  asAnyKind(PersistentVolumeClaimKind),
  asAnyKind(PodKind),
  asAnyKind(ResourceQuotaKind),
  asAnyKind(SecretKind),
  asAnyKind(ServiceAccountKind),
  asAnyKind(CoreServiceKind),
  asAnyKind(DeploymentKind),
  asAnyKind(ReplicaSetKind),
  asAnyKind(HorizontalPodAutoscalerKind),
  asAnyKind(PodDisruptionBudgetKind),
  asAnyKind(ClusterRoleBindingKind),
  asAnyKind(ClusterRoleKind),
  asAnyKind(RoleBindingKind),
  asAnyKind(RoleKind),
  asAnyKind(MutatingWebhookConfigurationKind),
  asAnyKind(ValidatingWebhookConfigurationKind),
  asAnyKind(CustomResourceDefinitionKind),
  asAnyKind(LeaseKind),
  asAnyKind(EndpointSliceKind),
  asAnyKind(ConfigurationKind),
  asAnyKind(DomainMappingKind),
  asAnyKind(RevisionKind),
  asAnyKind(RouteKind),
  asAnyKind(ServiceKind),
  asAnyKind(MetricKind),
  asAnyKind(PodAutoscalerKind),
  asAnyKind(CertificateKind),
  asAnyKind(ClusterDomainClaimKind),
  asAnyKind(IngressKind),
  asAnyKind(ServerlessServiceKind),
  asAnyKind(ImageKind),
];

/**
 * Versions under which a kind can be read and written besides its own, in the same shape. serving.knative.dev/v1alpha1
 * serves Service alone, because the first manifests of Knative's users say so.
 */
const ALIAS_VERSIONS: readonly {
  readonly kind: AnyKind;
  readonly aliasVersions: readonly string[];
}[] = [{ kind: asAnyKind(ServiceKind), aliasVersions: ["v1alpha1"] }];

/** The same, as an API server takes them. */
export const ALIASES = ALIAS_VERSIONS.flatMap(({ kind: { group, plural }, aliasVersions }) =>
  aliasVersions.map((version) => ({ group, plural, version })),
);

/** All versions of a kind, its own first. */
function versionsOf(kind: AnyKind): readonly string[] {
  const aliases = ALIAS_VERSIONS.find((one) => one.kind === kind)?.aliasVersions ?? [];
  return [kind.version, ...aliases];
}

/** The kind named by an object's apiVersion and kind, alias versions included. */
export function findKindOf(apiVersion: string, kind: string): AnyKind | undefined {
  const slash = apiVersion.indexOf("/");
  const group = slash < 0 ? "" : apiVersion.slice(0, slash);
  const version = apiVersion.slice(slash + 1);
  return KINDS.find((one) => one.group === group && one.kind === kind && versionsOf(one).includes(version));
}
