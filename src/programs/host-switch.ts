import type { HostedPod, QueueProxyHost } from "../api/wire/hosting.ts";

/**
 * The data plane as the node agent sees it, whichever process that is. While one process takes over from another,
 * calls wait; those that a process has not answered before it was left are asked of its successor.
 */
export class HostSwitch implements QueueProxyHost {
  #target: QueueProxyHost;
  /** Resolves when calls may go on; absent unless they are held. */
  #gate: PromiseWithResolvers<void> | undefined;
  /** Resolves when the present target is left. */
  #left = Promise.withResolvers<void>();
  readonly #running = new Set<Promise<void>>();

  constructor(target: QueueProxyHost) {
    this.#target = target;
  }

  /** Holds all calls from now on; resolves when none but drains, which may take long, is under way. */
  async hold(): Promise<void> {
    this.#gate ??= Promise.withResolvers();
    await Promise.allSettled(this.#running);
  }

  /** Lets held calls go on, to `target` when one is given. */
  goOn(target?: QueueProxyHost): void {
    if (target) {
      this.#target = target;
      this.#left.resolve();
      this.#left = Promise.withResolvers();
    }
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  host(pod: HostedPod): Promise<void> {
    return this.#ask((target) => target.host(pod));
  }

  restarting(podUid: string): Promise<void> {
    return this.#ask((target) => target.restarting(podUid));
  }

  remove(podUid: string): Promise<void> {
    return this.#ask((target) => target.remove(podUid));
  }

  moment(podUid: string, name: string, atMs: number): void {
    if (this.#gate) void this.#gate.promise.then(() => this.moment(podUid, name, atMs));
    else this.#target.moment(podUid, name, atMs);
  }

  async drain(podUid: string): Promise<void> {
    for (;;) {
      await this.#gate?.promise;
      const [target, left] = [this.#target, this.#left.promise];
      await Promise.race([target.drain(podUid), left]);
      if (target === this.#target) return;
    }
  }

  async #ask(call: (target: QueueProxyHost) => Promise<void>): Promise<void> {
    await this.#gate?.promise;
    const answer = call(this.#target);
    this.#running.add(answer);
    try {
      await answer;
    } finally {
      this.#running.delete(answer);
    }
  }
}
