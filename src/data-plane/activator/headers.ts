import { privateServiceName } from "../../api/names.ts";
import * as wire from "../../api/wire/headers.ts";
import type { HeaderBlock } from "../../http/header-block.ts";
import { appendPeer } from "../forwarded-for.ts";

/** What the activator reads from and writes to a request's header: pure functions. */

export type ActivatorProbe = "kubelet" | "hash-echo" | "activator" | "unknown" | "none";

/** In this order, with exact values (spec T-009, errata). */
export function probeKindOf(headers: HeaderBlock): ActivatorProbe {
  if (headers.get("user-agent")?.startsWith(wire.USER_AGENT_KUBELET_PREFIX)) return "kubelet";
  if (isSet(headers.get(wire.KUBELET_PROBE))) return "kubelet";
  const value = headers.get(wire.NETWORK_PROBE);
  if (!isSet(value)) return "none";
  if (value === wire.PROBE_INGRESS) return "hash-echo";
  return value === wire.PROBE_ACTIVATOR ? "activator" : "unknown";
}

export interface RevisionKey {
  readonly namespace: string;
  readonly name: string;
}

/** Both headers, else the Host `name.namespace.svc.<domain>`, else the header that was given (spec T-007, errata). */
export function revisionOf(headers: HeaderBlock, domainSuffix: string): RevisionKey {
  const namespace = headers.get(wire.SERVING_NAMESPACE) ?? "";
  const name = headers.get(wire.SERVING_REVISION) ?? "";
  if (namespace !== "" && name !== "") return { namespace, name };
  const host = withoutPort(headers.get("host") ?? "");
  if (!host.endsWith(domainSuffix)) return { namespace, name };
  const labels = host.slice(0, -domainSuffix.length).split(".");
  const [hostName, hostNamespace] = labels;
  if (labels.length !== 2 || !isSet(hostName) || !isSet(hostNamespace)) return { namespace, name };
  return { namespace: hostNamespace, name: hostName };
}

/** The pod sees its own address as Host; the client's waits in K-Original-Host (spec T-008). */
export function rewriteForPod(headers: HeaderBlock, podAddress: string, peerAddress: string): void {
  const host = headers.get("host");
  if (!headers.has(wire.ORIGINAL_HOST) && host !== undefined) headers.set("K-Original-Host", host);
  headers.set("Host", podAddress);
  headers.set("K-Proxy-Request", wire.PROBE_ACTIVATOR);
  headers.delete(wire.SERVING_REVISION);
  headers.delete(wire.SERVING_NAMESPACE);
  headers.delete(wire.NETWORK_HASH);
  appendPeer(headers, peerAddress);
}

/** A mesh that can pass a request on to one pod is asked to; it knows the pod by its Service (spec T-010). */
export function passThroughMesh(headers: HeaderBlock, { namespace, name }: RevisionKey): void {
  headers.set("Host", `${privateServiceName(name)}.${namespace}`);
  headers.set("K-Passthrough-Lb", "true");
}

function withoutPort(host: string): string {
  return host.replace(/:[0-9]+$/, "");
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== "";
}
