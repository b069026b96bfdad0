import * as wire from "../../api/wire/headers.ts";
import type { HeaderBlock } from "../../http/header-block.ts";

/** What the gateway changes in every request's header: pure functions. */

const COMPONENT_AGENTS = [
  wire.USER_AGENT_KUBELET_PREFIX,
  wire.USER_AGENT_ACTIVATOR,
  wire.USER_AGENT_AUTOSCALER,
];

/**
 * A request from outside does not act as a component's health check behind the gateway: the marks that would make it
 * one are taken off (DESIGN §2). `K-Network-Probe: probe` is kept: the route probe is answered by the real data path
 * (spec G-022, G-027), and whoever sends it learns nothing but a hash.
 */
export function disarmProbes(headers: HeaderBlock): void {
  const probe = headers.get(wire.NETWORK_PROBE);
  if (probe !== undefined && probe !== wire.PROBE_INGRESS) headers.delete(wire.NETWORK_PROBE);
  headers.delete(wire.KUBELET_PROBE);
  headers.delete(wire.PROXY_REQUEST);
  const agent = headers.get("user-agent");
  if (agent === undefined) return;
  // Behind us only a prefix makes a component's agent: the user's application still reads the whole text.
  for (const prefix of COMPONENT_AGENTS) {
    if (!agent.startsWith(prefix)) continue;
    headers.set("User-Agent", `ebb ${agent}`);
    return;
  }
}

/** The client's address is appended; Host and scheme are what this gateway saw (spec G-013). */
export function setForwardedFor(
  headers: HeaderBlock,
  seen: { readonly peer: string; readonly host: string; readonly proto: string },
): void {
  if (seen.peer !== "") {
    const before = headers.all("x-forwarded-for").filter((value) => value !== "");
    headers.set("X-Forwarded-For", before.length === 0 ? seen.peer : [...before, seen.peer].join(", "));
  }
  headers.set("X-Forwarded-Proto", seen.proto);
  headers.set("X-Forwarded-Host", seen.host);
}
