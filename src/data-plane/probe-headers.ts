import * as wire from "../api/wire/headers.ts";
import type { HeaderBlock } from "../http/header-block.ts";

/** Marked by K-Kubelet-Probe: passes stats and breaker by (spec Q-041). */
export function isKubeletProbe(headers: HeaderBlock): boolean {
  const marker = headers.get(wire.KUBELET_PROBE);
  return marker !== undefined && marker !== "";
}

/** Sent by a program to look, not to use: left out of the request log and of metrics (spec ). */
export function isProbe(headers: HeaderBlock): boolean {
  const value = headers.get(wire.NETWORK_PROBE);
  if (value !== undefined && value !== "") return true;
  const agent = headers.get("user-agent");
  return isKubeletProbe(headers) || (agent?.startsWith(wire.USER_AGENT_KUBELET_PREFIX) ?? false);
}
