import type { Upstream } from "../http/upstream.ts";

/**
 * Where a request can be sent. The uid tells two pods apart that had the same address one after the other (DESIGN §4,
 * Addresses); it is absent for addresses that are no pods.
 */
export interface Backend {
  readonly ip: string;
  readonly port: number;
  readonly podUid?: string;
}

/** In-process when that address is hosted in this process, else through sockets: decided by programs/. */
export type UpstreamFor = (backend: Backend) => Upstream;

/** `ip:port`, with brackets around IPv6. */
export function addressText(address: { readonly ip: string; readonly port: number }): string {
  return address.ip.includes(":") ? `[${address.ip}]:${address.port}` : `${address.ip}:${address.port}`;
}
