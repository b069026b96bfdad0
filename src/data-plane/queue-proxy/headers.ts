import * as wire from "../../api/wire/headers.ts";
import type { HeaderBlock } from "../../http/header-block.ts";
import { appendPeer } from "../forwarded-for.ts";

/** What the queue-proxy changes in a request's header before the application sees it: pure functions. */

export type HealthCheck = "health" | "hash-echo" | "none";

/** Matched by prefix, whatever the path; K-Kubelet-Probe alone is not enough (spec ). */
const HEALTH_USER_AGENTS = [
  wire.USER_AGENT_KUBELET_PREFIX,
  wire.USER_AGENT_ACTIVATOR,
  wire.USER_AGENT_AUTOSCALER,
];

export function healthCheckOf(headers: HeaderBlock): HealthCheck {
  const agent = headers.get("user-agent");
  if (agent !== undefined) {
    for (const prefix of HEALTH_USER_AGENTS) if (agent.startsWith(prefix)) return "health";
  }
  return headers.get(wire.NETWORK_PROBE) === wire.PROBE_INGRESS ? "hash-echo" : "none";
}

/** What the activator hid comes back; a kubelet's request stays as it is (spec Q-010, errata). */
export function restoreHost(headers: HeaderBlock): void {
  const original = headers.get(wire.ORIGINAL_HOST);
  if (original === undefined || original === "") return;
  headers.delete(wire.ORIGINAL_HOST);
  // A Host with a space or a slash in it cannot be sent; Knative sends an empty one (errata Q-010).
  headers.set("Host", /^[^\s/?#@]*$/.test(original) ? original : "");
}

/** Routing is no concern of the user's (spec §0.4, Q-010). */
export function stripRouting(headers: HeaderBlock): void {
  headers.delete(wire.SERVING_REVISION);
  headers.delete(wire.SERVING_NAMESPACE);
}

/** Makes `Forwarded` from the first X-Forwarded-* lines when there is none (spec Q-018), then adds the peer. */
export function setForwarded(headers: HeaderBlock, peerAddress: string): void {
  const forwarded = headers.get("forwarded");
  if (forwarded === undefined || forwarded === "") {
    const value = forwardedValue(
      headers.get("x-forwarded-for") ?? "",
      headers.get("x-forwarded-host") ?? "",
      headers.get("x-forwarded-proto") ?? "",
    );
    if (value !== "") headers.set("Forwarded", value);
  }
  appendPeer(headers, peerAddress);
}

/** `for=a;host=h;proto=p, for=b`: host and proto go with the first address. */
export function forwardedValue(addresses: string, host: string, proto: string): string {
  if (addresses !== "" && host !== "" && proto !== "" && !addresses.includes(",")) {
    return `for=${nodeName(addresses.trim())};host=${host};proto=${proto}`;
  }
  const shared: string[] = [];
  if (host !== "") shared.push(`host=${host}`);
  if (proto !== "") shared.push(`proto=${proto}`);
  if (addresses === "") return shared.join(";");
  const parts = addresses.split(",").map((address) => `for=${nodeName(address.trim())}`);
  const [first, ...others] = parts;
  return [[first, ...shared].join(";"), ...trimEmptyTail(others)].join(", ");
}

/** A trailing comma names nobody. */
function trimEmptyTail(parts: string[]): string[] {
  return parts.at(-1) === "for=" ? parts.slice(0, -1) : parts;
}

/** Anything with a colon counts as IPv6, even with a port or in brackets (errata Q-018). */
function nodeName(address: string): string {
  return address.includes(":") ? `"[${address}]"` : address;
}
