import type { Container, ContainerPort, EnvVar } from "../../../api/container.ts";
import { CONFIGURATION, HTTP_FULL_DUPLEX, SERVICE } from "../../../api/labels.ts";
import { QUEUE_CONTAINER, SYSTEM_NAMESPACE } from "../../../api/names.ts";
import type { Stored } from "../../../api/object.ts";
import type { Revision } from "../../../api/revision/kind.ts";
import { queueMounts } from "./extras.ts";
import { encodeProbe, kubeletProbe, queueSideProbe } from "./probes.ts";
import { queueResources } from "./queue-resources.ts";
import { type Serving, servingOf } from "./serving.ts";
import type { RevisionSettings } from "./settings.ts";

/** The queue-proxy container of a Revision's pods (spec Q-001…Q-007). */

const HTTPS_PORT = 8112;

export function queueContainer(revision: Stored<Revision>, settings: RevisionSettings): Container {
  const serving = servingOf(revision.spec);
  const probe = queueSideProbe(serving.container.readinessProbe, serving.userPort);
  const volumeMounts = queueMounts(revision, settings);
  return {
    name: QUEUE_CONTAINER,
    image: settings.queueSidecarImage,
    resources: queueResources(revision, settings),
    ports: queuePorts(serving, settings),
    readinessProbe: kubeletProbe(probe, serving.queuePort),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    },
    env: queueEnvironment(revision, serving, settings),
    ...(volumeMounts.length > 0 ? { volumeMounts } : {}),
  };
}

function queuePorts(serving: Serving, settings: RevisionSettings): ContainerPort[] {
  const port = (name: string, containerPort: number) => ({ name, containerPort, protocol: "TCP" });
  return [
    port("http-autometric", 9090),
    port("http-usermetric", 9091),
    ...(settings.profiling ? [port("profiling-port", 8008)] : []),
    port("queue-port", serving.queuePort),
    port("https-port", HTTPS_PORT),
  ];
}

function queueEnvironment(
  revision: Stored<Revision>,
  serving: Serving,
  settings: RevisionSettings,
): EnvVar[] {
  const { metadata, spec } = revision;
  const fullDuplex = metadata.annotations?.[HTTP_FULL_DUPLEX]?.toLowerCase() === "enabled";
  return [
    text("SERVING_NAMESPACE", metadata.namespace ?? ""),
    text("SERVING_SERVICE", metadata.labels?.[SERVICE] ?? ""),
    text("SERVING_CONFIGURATION", metadata.labels?.[CONFIGURATION] ?? ""),
    text("SERVING_REVISION", metadata.name),
    text("QUEUE_SERVING_PORT", String(serving.queuePort)),
    text("QUEUE_SERVING_TLS_PORT", String(HTTPS_PORT)),
    text("CONTAINER_CONCURRENCY", String(spec.containerConcurrency ?? 0)),
    text("REVISION_TIMEOUT_SECONDS", String(spec.timeoutSeconds ?? 0)),
    text("REVISION_RESPONSE_START_TIMEOUT_SECONDS", String(spec.responseStartTimeoutSeconds ?? 0)),
    text("REVISION_IDLE_TIMEOUT_SECONDS", String(spec.idleTimeoutSeconds ?? 0)),
    field("SERVING_POD", "metadata.name"),
    field("SERVING_POD_IP", "status.podIP"),
    text("SERVING_LOGGING_CONFIG", settings.loggingConfig),
    text("SERVING_LOGGING_LEVEL", settings.loggingLevel),
    text("USER_PORT", String(serving.userPort)),
    text("SYSTEM_NAMESPACE", SYSTEM_NAMESPACE),
    text("SERVING_READINESS_PROBE", readinessJson(revision, settings)),
    field("HOST_IP", "status.hostIP"),
    text("ENABLE_HTTP2_AUTO_DETECTION", String(settings.autodetectHttp2)),
    text("ENABLE_HTTP_FULL_DUPLEX", String(fullDuplex)),
    text("ROOT_CA", settings.rootCa),
    text("QUEUE_PROXY_TLS_MIN_VERSION", settings.tls.min),
    text("QUEUE_PROXY_TLS_MAX_VERSION", settings.tls.max),
    text("QUEUE_PROXY_TLS_CIPHER_SUITES", settings.tls.ciphers),
    text("QUEUE_PROXY_TLS_CURVE_PREFERENCES", settings.tls.curves),
    text("ENABLE_MULTI_CONTAINER_PROBES", String(settings.multiContainerProbing)),
    text("OBSERVABILITY_CONFIG", settings.observability),
  ];
}

/** One probe, or with multi-container-probing those of all containers, the serving one first (spec Q-004, H-003). */
function readinessJson(revision: Revision, settings: RevisionSettings): string {
  const serving = servingOf(revision.spec);
  const own = queueSideProbe(serving.container.readinessProbe, serving.userPort);
  if (!settings.multiContainerProbing) return own ? JSON.stringify(encodeProbe(own)) : "";
  const sidecars = revision.spec.containers
    .filter((container) => container !== serving.container)
    .flatMap(({ readinessProbe }) =>
      readinessProbe && !readinessProbe.exec ? (queueSideProbe(readinessProbe, 0) ?? []) : [],
    );
  return JSON.stringify([...(own ? [own] : []), ...sidecars].map(encodeProbe));
}

/** Empty values are left out, as Go's encoding does. */
function text(name: string, value: string): EnvVar {
  return value === "" ? { name } : { name, value };
}

function field(name: string, fieldPath: string): EnvVar {
  return { name, valueFrom: { fieldRef: { apiVersion: "v1", fieldPath } } };
}
