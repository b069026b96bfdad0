import type { Probe } from "../../api/container.ts";
import type { Clock } from "../../base/clock.ts";
import type { Address, Network } from "../../http/conn.ts";
import { httpFetch } from "../../http/fetch.ts";
import { HeaderBlock } from "../../http/header-block.ts";
import { probeTimeoutMs } from "./probe-schedule.ts";
import type { ExecResult } from "./runtime.ts";

/** One kubelet probe on the wire (spec §0.5 H-001, H-004…H-006). */
export interface ProbePorts {
  readonly network: Network;
  readonly clock: Clock;
}

const USER_AGENT = "kube-probe/1.34";

/** `locate` knows where a declared port of the container really is. Resolves to whether it passed; never rejects. */
export async function runProbe(
  ports: ProbePorts,
  probe: Probe,
  ways: {
    readonly locate: (port: number | string | undefined) => Address;
    readonly exec: (command: readonly string[], timeoutMs: number) => Promise<ExecResult>;
  },
): Promise<boolean> {
  const timeoutMs = probeTimeoutMs(probe);
  try {
    if (probe.httpGet && probe.httpGet.scheme !== "HTTPS")
      return await httpProbe(ports, probe.httpGet, { address: ways.locate(probe.httpGet.port), timeoutMs });
    if (probe.exec) return (await ways.exec(probe.exec.command ?? [], timeoutMs)).exitCode === 0;
    // An open port must do for HTTPS and gRPC until the node speaks TLS and HTTP/2.
    const port = probe.tcpSocket?.port ?? probe.grpc?.port ?? probe.httpGet?.port;
    const conn = await ports.network.connect(ways.locate(port), { timeoutMs });
    conn.setHandler({ data() {}, end() {}, drain() {}, closed() {} });
    conn.reset();
    return true;
  } catch {
    // Refused, timed out, malformed, no such program: to a probe all of them mean "no".
    return false;
  }
}

async function httpProbe(
  ports: ProbePorts,
  action: NonNullable<Probe["httpGet"]>,
  at: { readonly address: Address; readonly timeoutMs: number },
): Promise<boolean> {
  const headers = new HeaderBlock();
  for (const { name, value } of action.httpHeaders ?? []) headers.append(name, value);
  if (!headers.has("user-agent")) headers.append("User-Agent", USER_AGENT);
  if (!headers.has("accept")) headers.append("Accept", "*/*");
  headers.append("Connection", "close");
  const path = action.path ?? "/";
  const target = path.startsWith("/") ? path : `/${path}`;
  const { status } = await httpFetch(ports, { ...at, target, headers });
  return status >= 200 && status < 400;
}
