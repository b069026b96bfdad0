import type { HandedPod, Remainder } from "../data-plane/queue-proxy/hand-over.ts";
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
  /** Tried in this order; 0 = any free one. */
  readonly httpsPorts: readonly number[];
  readonly activatorIp: string;
  readonly logLevel: string;
  /** Of a process that takes over from another: where that one listens. */
  readonly successorOf?: DataPlaneAddresses;
  /** As the autoscaler tells activators apart. */
  readonly activatorName: string;
}

/** Data plane → control plane: its listeners, or why it has none. */
export type Bound =
  | { readonly addresses: DataPlaneAddresses }
  | { readonly failure: { readonly code: string; readonly message: string } };

/**
 * One data-plane process takes over from another; the control plane passes on what one says to the other. In order:
 * the new one is SERVING (it knows routes and revisions, but has no port yet); HAND_OVER to the old one, which sends
 * each of its sockets as LISTENER and then its pods as HANDED; the new one hosts and listens (TAKE, BOUND); RETIRE to
 * the old one. From HANDED until its end the old one tells what is LEFT of each pod's requests.
 */
export const HAND_OVER = "hand-over.begin";
export const LISTENER = "hand-over.listener";
export const HANDED = "hand-over.pods";
export const TAKE = "hand-over.take";
export const LEFT = "hand-over.left";
export const RETIRE = "hand-over.retire";

export interface Handed {
  readonly pods: readonly HandedPod[];
}

/** `gone`: the old process has ended. */
export type Left = { readonly podUid: string; readonly left: Remainder } | { readonly gone: true };
