import type { Container, VolumeMount } from "../../../api/container.ts";
import { SERVING_CERTS } from "../../../api/names.ts";
import type { Stored } from "../../../api/object.ts";
import type { PodSpec, Volume } from "../../../api/pod-spec.ts";
import type { Revision } from "../../../api/revision/kind.ts";
import type { RevisionSettings } from "./settings.ts";

/** What the cluster's configuration adds to pods: volumes, mounts, a runtime class (spec C-025, C-026, Q-006). */

const VAR_LOG = "knative-var-log";
const TOKENS = "knative-token-volume";
const POD_INFO = "pod-info";
const CERTIFICATES = "server-certs";
const TOKEN_SECONDS = 3_600;

/** /var/log of every user container, each in a part of one volume that a collector of logs can find. */
export function withVarLog(container: Container, settings: RevisionSettings): Container {
  if (!settings.varLogCollection) return container;
  const mount: VolumeMount = {
    name: VAR_LOG,
    mountPath: "/var/log",
    subPathExpr: `$(K_INTERNAL_POD_NAMESPACE)_$(K_INTERNAL_POD_NAME)_${container.name}`,
  };
  const field = (name: string, fieldPath: string) => ({
    name,
    valueFrom: { fieldRef: { apiVersion: "v1", fieldPath } },
  });
  return {
    ...container,
    volumeMounts: [...(container.volumeMounts ?? []), mount],
    env: [
      ...(container.env ?? []),
      field("K_INTERNAL_POD_NAME", "metadata.name"),
      field("K_INTERNAL_POD_NAMESPACE", "metadata.namespace"),
    ],
  };
}

/** Of the queue-proxy. */
export function queueMounts(revision: Stored<Revision>, settings: RevisionSettings): VolumeMount[] {
  return [
    ...(tellsPodInfo(revision, settings)
      ? [{ name: POD_INFO, mountPath: "/etc/podinfo", readOnly: true }]
      : []),
    ...(settings.tokenAudiences.length > 0 ? [{ name: TOKENS, mountPath: "/var/run/secrets/tokens" }] : []),
    ...(settings.systemInternalTls
      ? [{ name: CERTIFICATES, mountPath: "/var/lib/knative/certs", readOnly: true }]
      : []),
  ];
}

export function extraVolumes(revision: Stored<Revision>, settings: RevisionSettings): Volume[] {
  const sources = settings.tokenAudiences.map((audience) => ({
    serviceAccountToken: { audience, expirationSeconds: TOKEN_SECONDS, path: audience },
  }));
  const annotations = {
    path: "annotations",
    fieldRef: { apiVersion: "v1", fieldPath: "metadata.annotations" },
  };
  return [
    ...(tellsPodInfo(revision, settings) ? [{ name: POD_INFO, downwardAPI: { items: [annotations] } }] : []),
    ...(sources.length > 0 ? [{ name: TOKENS, projected: { sources } }] : []),
    ...(settings.systemInternalTls ? [{ name: CERTIFICATES, secret: { secretName: SERVING_CERTS } }] : []),
    ...(settings.varLogCollection ? [{ name: VAR_LOG, emptyDir: {} }] : []),
  ];
}

const POD_INFO_ANNOTATION = "features.knative.dev/queueproxy-podinfo";

/** Allowed: only those that ask for it (spec F-005). */
function tellsPodInfo({ metadata }: Revision, { podInfo }: RevisionSettings): boolean {
  if (podInfo === "Enabled") return true;
  return podInfo === "Allowed" && metadata.annotations?.[POD_INFO_ANNOTATION]?.toLowerCase() === "enabled";
}

/** The class whose selector says most of the Revision's labels; the user's own wins. */
export function runtimeClass(revision: Stored<Revision>, settings: RevisionSettings): Partial<PodSpec> {
  const { labels = {} } = revision.metadata;
  const fitting = [...settings.runtimeClasses]
    .filter(([, selector]) => Object.entries(selector).every(([key, value]) => labels[key] === value))
    .sort(([a, one], [b, other]) => {
      const order = Object.keys(other).length - Object.keys(one).length;
      return order || (a < b ? -1 : 1);
    });
  const [best] = fitting;
  if (revision.spec.runtimeClassName !== undefined || !best) return {};
  return { runtimeClassName: best[0] };
}
