import {
  HASH_OVERRIDE,
  NETWORK_HASH,
  NETWORK_PROBE,
  PROBE_INGRESS,
  USER_AGENT_INGRESS,
} from "../../../api/wire/headers.ts";
import type { Clock } from "../../../base/clock.ts";
import type { Network } from "../../../http/conn.ts";
import { httpFetch } from "../../../http/fetch.ts";
import { HeaderBlock } from "../../../http/header-block.ts";
import type { Prober } from "./route-probe.ts";

const TIMEOUT_MS = 1_000;

/** The route probe on the wire (spec G-023, H-010). */
export function httpProber(ports: { network: Network; clock: Clock }): Prober {
  return {
    async ask({ ip, port, host }, signal) {
      const headers = new HeaderBlock();
      headers.append("Host", host);
      headers.append("User-Agent", USER_AGENT_INGRESS);
      headers.append(NETWORK_PROBE, PROBE_INGRESS);
      headers.append(NETWORK_HASH, HASH_OVERRIDE);
      const response = await httpFetch(ports, {
        address: { ip, port },
        target: "/healthz",
        headers,
        timeoutMs: TIMEOUT_MS,
        signal,
        answerBody: "dropped",
      });
      return { status: response.status, hash: response.headers.get(NETWORK_HASH) || undefined };
    },
  };
}
