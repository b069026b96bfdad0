import type { HostedPod, QueueProxyHost } from "../api/wire/hosting.ts";

interface Scale {
  readonly namespace: string;
  readonly revision: string;
  readonly to: number;
  readonly from: number;
  readonly atMs: number;
}

/** Tells each new pod's queue-proxy when its revision's scale was decided, so that timelines can begin there. */
export class ScaleMoments implements QueueProxyHost {
  readonly #host: QueueProxyHost;
  /** The last decision upwards, by namespace/revision. */
  readonly #decided = new Map<string, number>();

  constructor(host: QueueProxyHost) {
    this.#host = host;
  }

  scaled({ namespace, revision, from, to, atMs }: Scale): void {
    const key = `${namespace}/${revision}`;
    if (to > from) this.#decided.set(key, atMs);
    else if (to === 0) this.#decided.delete(key);
  }

  host(pod: HostedPod): Promise<void> {
    const decidedAt = this.#decided.get(`${pod.namespace}/${pod.env.SERVING_REVISION}`);
    const hosted = this.#host.host(pod);
    if (decidedAt !== undefined) this.#host.moment(pod.uid, "scaleDecided", decidedAt);
    return hosted;
  }

  drain(podUid: string): Promise<void> {
    return this.#host.drain(podUid);
  }

  restarting(podUid: string): Promise<void> {
    return this.#host.restarting(podUid);
  }

  remove(podUid: string): Promise<void> {
    return this.#host.remove(podUid);
  }

  moment(podUid: string, name: string, atMs: number): void {
    this.#host.moment(podUid, name, atMs);
  }
}
