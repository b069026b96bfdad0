/**
 * Whether this queue-proxy is draining and what it still waits for: pure. A hosted queue-proxy ends as soon as
 * nothing is in flight, because gateway and activator live in the same process and have dropped the pod before; one
 * in a cluster keeps a quiet period, since endpoints are removed there in their own time (spec ).
 */
export class Drain {
  #draining = false;
  #inFlight = 0;
  #lastRequestMs = Number.NEGATIVE_INFINITY;
  #onIdle: (() => void)[] = [];
  #onLeave: (() => void) | undefined;

  get draining(): boolean {
    return this.#draining;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  begin(nowMs: number): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#lastRequestMs = nowMs;
  }

  /** The pod stays after all: only its user container was restarted (spec Q-053). */
  reset(): void {
    this.#draining = false;
  }

  enter(nowMs: number): void {
    this.#inFlight += 1;
    this.#lastRequestMs = nowMs;
  }

  leave(): void {
    this.#inFlight -= 1;
    this.#onLeave?.();
    if (this.#inFlight > 0) return;
    for (const listener of this.#onIdle.splice(0)) listener();
  }

  /** Calls `listener` each time a request has left; there is one listener. */
  onLeave(listener: () => void): void {
    this.#onLeave = listener;
  }

  /** Milliseconds of the quiet period that are left, counted from the last request's arrival; 0 when it is over. */
  quietLeftMs(quietPeriodMs: number, nowMs: number): number {
    return Math.max(0, this.#lastRequestMs + quietPeriodMs - nowMs);
  }

  /** Resolves when nothing is in flight. */
  idle(): Promise<void> {
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }
}
