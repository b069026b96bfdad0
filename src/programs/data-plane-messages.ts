import type { DataPlaneAddresses } from "./published-endpoints.ts";

/** Channels between the two processes beside those of the API and of hosting, and what travels on them. */
export const START = "data-plane.start";
export const BOUND = "data-plane.bound";
export const SERVING = "data-plane.serving";
export const DRAIN = "data-plane.drain";
export const DRAINED = "data-plane.drained";
export const STATS = "stats";
export const TIMELINES = "timelines";

/** Control plane → data plane, first of all. */
export interface Start {
  readonly httpPort: number;
  readonly activatorIp: string;
  readonly logLevel: string;
}

/** Data plane → control plane: its listeners, or why it has none. */
export type Bound =
  | { readonly addresses: DataPlaneAddresses }
  | { readonly failure: { readonly code: string; readonly message: string } };
