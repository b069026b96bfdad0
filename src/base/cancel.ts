/**
 * One cancel signal per request: any phase can raise it, every phase can hear it. Lighter than AbortSignal
 * (no event object, no event target per request): hot path. The first listener costs no set.
 */
export class Cancel {
  #reason: unknown;
  #raised = false;
  #first: ((reason: unknown) => void) | undefined;
  #others: Set<(reason: unknown) => void> | undefined;

  get raised(): boolean {
    return this.#raised;
  }

  get reason(): unknown {
    return this.#reason;
  }

  /** Idempotent: only the first reason counts. Listeners run once. */
  raise(reason: unknown): void {
    if (this.#raised) return;
    this.#raised = true;
    this.#reason = reason;
    const first = this.#first;
    const others = this.#others;
    this.#first = undefined;
    this.#others = undefined;
    first?.(reason);
    if (others) for (const listener of others) listener(reason);
  }

  /** Calls `listener` when raised (at once if it already was); returns how to stop listening. */
  onRaise(listener: (reason: unknown) => void): () => void {
    if (this.#raised) {
      listener(this.#reason);
      return () => {};
    }
    if (this.#first === undefined) {
      this.#first = listener;
      return () => {
        if (this.#first === listener) this.#first = undefined;
      };
    }
    this.#others ??= new Set();
    this.#others.add(listener);
    return () => this.#others?.delete(listener);
  }
}
