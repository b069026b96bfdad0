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

export const KINDS: readonly Kind[] = [
  ConfigMapKind,
  EndpointsKind,
  EventKind,
  NamespaceKind,
  PersistentVolumeClaimKind,
  PodKind,
  ResourceQuotaKind,
  SecretKind,
  ServiceAccountKind,
  CoreServiceKind,
  DeploymentKind,
  ReplicaSetKind,
  HorizontalPodAutoscalerKind,
  PodDisruptionBudgetKind,
  ClusterRoleBindingKind,
  ClusterRoleKind,
  RoleBindingKind,
  RoleKind,
  MutatingWebhookConfigurationKind,
  ValidatingWebhookConfigurationKind,
  CustomResourceDefinitionKind,
  LeaseKind,
  EndpointSliceKind,
  ConfigurationKind,
  DomainMappingKind,
  RevisionKind,
  RouteKind,
  ServiceKind,
  MetricKind,
  PodAutoscalerKind,
  CertificateKind,
  ClusterDomainClaimKind,
  IngressKind,
  ServerlessServiceKind,
  ImageKind,
];

/**
 * Versions under which a kind can be read and written besides its own, in the same shape. serving.knative.dev/v1alpha1
 * serves Service alone, because the first manifests of Knative's users say so.
 */
const ALIAS_VERSIONS: readonly {
  readonly kind: Kind;
  readonly aliasVersions: readonly string[];
}[] = [{ kind: ServiceKind, aliasVersions: ["v1alpha1"] }];

/** The same, as an API server takes them. */
export const ALIASES = ALIAS_VERSIONS.flatMap(({ kind: { group, plural }, aliasVersions }) =>
  aliasVersions.map((version) => ({ group, plural, version })),
);

/** All versions of a kind, its own first. */
function versionsOf(kind: Kind): readonly string[] {
  const aliases = ALIAS_VERSIONS.find((one) => one.kind === kind)?.aliasVersions ?? [];
  return [kind.version, ...aliases];
}

/** The kind named by an object's apiVersion and kind, alias versions included. */
export function findKindOf(apiVersion: string, kind: string): Kind | undefined {
  const slash = apiVersion.indexOf("/");
  const group = slash < 0 ? "" : apiVersion.slice(0, slash);
  const version = apiVersion.slice(slash + 1);
  return KINDS.find((one) => one.group === group && one.kind === kind && versionsOf(one).includes(version));
}
