import type { Upstream } from "../http/upstream.ts";

/**
 * Where a request can be sent. The uid tells two pods apart that had the same address one after the other (DESIGN §4,
 * Addresses); it is absent for addresses that are no pods.
 */
export interface Backend {
  readonly ip: string;
  readonly port: number;
  readonly podUid?: string;
  /** Its port wants HTTP/2 with prior knowledge (spec §0.3); absent where HTTP/1.1 is spoken. */
  readonly http2?: true;
}

/** In-process when that address is hosted in this process, else through sockets: decided by programs/. */
export type UpstreamFor = (backend: Backend) => Upstream;

/** Whether a Service's port of that name or protocol is spoken to in HTTP/2 (spec G-010, G-030). */
export function wantsHttp2(port: { readonly name?: string; readonly appProtocol?: string }): boolean {
  return port.name === "http2" || port.name === "h2c" || port.appProtocol === "kubernetes.io/h2c";
}

/** `ip:port`, with brackets around IPv6. */
export function addressText(address: { readonly ip: string; readonly port: number }): string {
  return address.ip.includes(":") ? `[${address.ip}]:${address.port}` : `${address.ip}:${address.port}`;
}
