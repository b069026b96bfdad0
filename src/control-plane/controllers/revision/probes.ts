import type { Container, Probe } from "../../../api/container.ts";

/** Where a user's probes end up (spec, H-001…H-006). */

const LOCAL = "127.0.0.1";

/** What is left of the readiness probe on the user's container: only exec, which no other process can run. */
export function userReadinessProbe(container: Container): Probe | undefined {
  return container.readinessProbe?.exec ? container.readinessProbe : undefined;
}

/** Liveness stays with the kubelet, at the port where the program really listens. */
export function livenessProbe(
  container: Container,
  at: { userPort: number; keepPort: boolean },
): Probe | undefined {
  const probe = container.livenessProbe;
  if (!probe) return undefined;
  const portFor = (given: number | string | undefined) => (at.keepPort && given ? given : at.userPort);
  if (probe.httpGet) return { ...probe, httpGet: { ...probe.httpGet, port: portFor(probe.httpGet.port) } };
  if (probe.tcpSocket)
    return { ...probe, tcpSocket: { ...probe.tcpSocket, port: portFor(probe.tcpSocket.port) } };
  return probe;
}

/** The readiness probe as queue-proxy runs it, aimed at the user's container. */
export function queueSideProbe(probe: Probe | undefined, userPort: number): Probe | undefined {
  if (!probe) return undefined;
  const { exec, httpGet, tcpSocket, grpc, ...numbers } = probe;
  const portOf = (given: number | string | undefined) =>
    typeof given === "number" && given > 0 ? given : userPort;
  const timed =
    (numbers.periodSeconds ?? 0) > 0 && (numbers.timeoutSeconds ?? 0) < 1
      ? { ...numbers, timeoutSeconds: 1 }
      : numbers;
  if (httpGet)
    return {
      ...timed,
      httpGet: { ...httpGet, host: LOCAL, port: portOf(httpGet.port), scheme: httpGet.scheme || "HTTP" },
    };
  if (grpc) return { ...timed, grpc: { ...grpc, port: portOf(grpc.port) } };
  if (tcpSocket || exec) return { ...timed, tcpSocket: { host: LOCAL, port: portOf(tcpSocket?.port) } };
  return timed;
}

/** The probe as JSON, with the fields in Go's order and zeros left out (spec Q-004, H-002). */
export function encodeProbe(probe: Probe): Record<string, unknown> {
  const { httpGet, tcpSocket, grpc } = probe;
  return {
    ...(httpGet && {
      httpGet: present({
        path: httpGet.path,
        port: httpGet.port ?? 0,
        host: httpGet.host,
        scheme: httpGet.scheme,
        httpHeaders: httpGet.httpHeaders?.length ? httpGet.httpHeaders : undefined,
      }),
    }),
    ...(tcpSocket && { tcpSocket: present({ port: tcpSocket.port ?? 0, host: tcpSocket.host }) }),
    ...(grpc && { grpc: present({ port: grpc.port ?? 0, service: grpc.service }) }),
    ...present({
      initialDelaySeconds: probe.initialDelaySeconds || undefined,
      timeoutSeconds: probe.timeoutSeconds || undefined,
      periodSeconds: probe.periodSeconds || undefined,
      successThreshold: probe.successThreshold || undefined,
      failureThreshold: probe.failureThreshold || undefined,
      terminationGracePeriodSeconds: probe.terminationGracePeriodSeconds,
    }),
  };
}

/** What the kubelet asks queue-proxy: the user's numbers, zeros left to Kubernetes (spec A-160). */
export function kubeletProbe(probe: Probe | undefined, servingPort: number): Probe {
  return {
    ...present({
      initialDelaySeconds: probe?.initialDelaySeconds || undefined,
      timeoutSeconds: probe?.timeoutSeconds || undefined,
      periodSeconds: probe?.periodSeconds || undefined,
      successThreshold: probe?.successThreshold || undefined,
      failureThreshold: probe?.failureThreshold || undefined,
    }),
    httpGet: {
      port: servingPort,
      httpHeaders: [{ name: "K-Network-Probe", value: "queue" }],
    },
  };
}

function present(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== ""),
  );
}
