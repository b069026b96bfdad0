import { CertificateKind } from "../../../api/certificate/kind.ts";
import type { Config } from "../../../api/config/config.ts";
import { DeploymentKind } from "../../../api/deployment/kind.ts";
import { ImageKind } from "../../../api/image/kind.ts";
import { REVISION, REVISION_UID } from "../../../api/labels.ts";
import { deploymentName, SERVING_CERTS } from "../../../api/names.ts";
import { NamespaceKind } from "../../../api/namespace/kind.ts";
import { keyOf } from "../../../api/object.ts";
import { PodKind } from "../../../api/pod/kind.ts";
import { PodAutoscalerKind } from "../../../api/pod-autoscaler/kind.ts";
import { type Revision, RevisionKind } from "../../../api/revision/kind.ts";
import { SecretKind } from "../../../api/secret/kind.ts";
import type { Clock } from "../../../base/clock.ts";
import { type ConfigSource, type Controller, watch } from "../../../kube/controller.ts";
import { byLabel, byOwner } from "../../../kube/parents.ts";
import { desiredRevision, type RevisionObserved } from "./desired.ts";
import { DigestResolution, type ImageResolver } from "./digests.ts";
import { revisionsServed } from "./serving-certificate.ts";

export interface RevisionControllerOptions {
  readonly resolver: ImageResolver;
  readonly clock: Clock;
  /** The same as the loop's: which registries are not asked for digests stands there. */
  readonly config: ConfigSource<Config>;
}

export function revisionController(
  options: RevisionControllerOptions,
): Controller<Revision, RevisionObserved, Config> {
  const limitMs = () => options.config.current().deployment.digestResolutionTimeoutMs;
  const resolution = new DigestResolution({ ...options, limitMs });
  const skipped = () => options.config.current().deployment.registriesSkippingTagResolving;
  return {
    name: "revision-controller",
    kind: RevisionKind,
    watches: [
      watch({ kind: DeploymentKind, parents: byOwner(RevisionKind) }),
      watch({ kind: PodAutoscalerKind, parents: byOwner(RevisionKind) }),
      watch({ kind: ImageKind, parents: byOwner(RevisionKind) }),
      watch({ kind: NamespaceKind, parents: () => [] }),
      watch({ kind: CertificateKind, parents: revisionsServed }),
      watch({ kind: SecretKind, parents: revisionsServed }),
      watch({ kind: PodKind, parents: byLabel(REVISION), fields: ["status"] }),
    ],
    observe(revision, caches) {
      const key = keyOf(revision);
      const isResolved = (revision.status?.containerStatuses ?? []).length > 0;
      return {
        resolution: isResolved ? undefined : resolution.of(revision, skipped()),
        deployment: caches.get(DeploymentKind, { ...key, name: deploymentName(key.name) }),
        podAutoscaler: caches.get(PodAutoscalerKind, key),
        namespace: caches.get(NamespaceKind, { namespace: "", name: key.namespace }),
        servingSecret: caches.get(SecretKind, { ...key, name: SERVING_CERTS }),
        pods: caches.labelled(PodKind, {
          namespace: key.namespace,
          label: REVISION_UID,
          value: revision.metadata.uid,
        }),
      };
    },
    desired: desiredRevision,
    forget: (key) => resolution.forget(key),
    start: (enqueue, signal) => resolution.start(enqueue, signal),
  };
}
