import type { Address, Conn } from "../../http/conn.ts";
import { grpcAttempt } from "./grpc-attempt.ts";
import { type HttpAttemptPorts, httpAttempt } from "./http-attempt.ts";
import type { AttemptOutcome } from "./probe-run.ts";
import type { Attempt } from "./readiness.ts";

/** `locate`: where a port of the pod really is; the node agent may have moved it (DESIGN §4, Ports of process pods). */
export type AttemptPorts = HttpAttemptPorts;

/** Where there is no limit (errata Q-029), a timer's own. */
const NO_LIMIT_MS = 2 ** 31 - 1;

/** Attempts over the network: httpGet, tcpSocket and grpc (spec Q-031…Q-033). */
export function networkAttempt(ports: AttemptPorts): Attempt {
  return async ({ action }, timeoutMs) => {
    const limitMs = Math.min(timeoutMs, NO_LIMIT_MS);
    if (action.type === "httpGet") return httpAttempt(ports, action, limitMs);
    if (action.type === "tcpSocket") return connects(ports, ports.locate(action.host, action.port), limitMs);
    if (action.type === "grpc") return grpcAttempt(ports, action, limitMs);
    return "failed";
  };
}

async function connects(ports: AttemptPorts, address: Address, timeoutMs: number): Promise<AttemptOutcome> {
  let conn: Conn;
  try {
    conn = await ports.network.connect(address, { timeoutMs });
  } catch (thrown) {
    return codeOf(thrown) === "ECONNREFUSED" ? "refused" : "failed";
  }
  conn.setHandler({ data() {}, end() {}, drain() {}, closed() {} });
  conn.reset();
  return "ready";
}

function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : undefined;
}
