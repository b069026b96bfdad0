/**
 * Between the node agent and the data plane of the embedded home: which pods' queue-proxies run there, and what they
 * see. Plain data, so that it can cross a process border.
 */

/** A pod whose queue-proxy container the data plane must host. */
export interface HostedPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** The pod's own loopback address; the queue-proxy's ports are bound on it. */
  readonly ip: string;
  /** The queue-proxy container's environment, all values resolved (fieldRefs filled in). */
  readonly env: Readonly<Record<string, string>>;
  /** The file that the container's output goes to; absent = nowhere. */
  readonly logPath?: string;
  /** Where the node agent put the user container's port: declared port → real address. */
  readonly userPorts: readonly { readonly declared: number; readonly ip: string; readonly port: number }[];
}

/** The data plane's side, called by the node agent. Rejections are EbbErrors that name the address. */
export interface QueueProxyHost {
  /** Resolves when all ports of the pod's queue-proxy are bound. */
  host(pod: HostedPod): Promise<void>;
  /** From now on health answers fail; resolves when nothing is in flight any more. */
  drain(podUid: string): Promise<void>;
  /**
   * The pod's program has ended and is about to be started again: resolves when nothing more is forwarded to it before
   * its probe has passed anew. Its port may be open long before that.
   */
  restarting(podUid: string): Promise<void>;
  /** Ends it at once: connections are cut, ports freed. Idempotent. */
  remove(podUid: string): Promise<void>;
  /** Moments of the pod's start known only to the node agent, for the timeline of waiting requests. */
  moment(podUid: string, name: string, atMs: number): void;
}

/**
 * Names of the moments of a cold request, in order (DESIGN §4, Timeline); times are Clock.monotonic().
 * The data plane sets received, portOpen, probePassed, forwarded and firstByte; the others arrive with the pod.
 */
export const MOMENTS = [
  "received",
  "scaleDecided",
  "podCreated",
  "processStarted",
  "portOpen",
  "probePassed",
  "forwarded",
  "firstByte",
] as const;
export type Moment = (typeof MOMENTS)[number];

/** One cold request's record, reported by the activator when the first byte went out. */
export interface Timeline {
  readonly requestId: string;
  readonly namespace: string;
  readonly revision: string;
  readonly podUid: string;
  readonly moments: Readonly<Partial<Record<Moment, number>>>;
}
