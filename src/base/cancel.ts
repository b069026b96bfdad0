/**
 * One cancel signal per request: any phase can raise it, every phase can hear it. Lighter than AbortSignal
 * (no event object, no event target per request): hot path.
 */
export class Cancel {
  #reason: unknown;
  #raised = false;
  #listeners: Set<(reason: unknown) => void> | undefined;

  get raised(): boolean {
    return this.#raised;
  }

  get reason(): unknown {
    return this.#reason;
  }

  /** Idempotent: only the first reason counts. Listeners run once, in the order they came. */
  raise(reason: unknown): void {
    if (this.#raised) return;
    this.#raised = true;
    this.#reason = reason;
    const listeners = this.#listeners;
    this.#listeners = undefined;
    if (listeners) for (const listener of listeners) listener(reason);
  }

  /** Calls `listener` when raised (at once if it already was); returns how to stop listening. */
  onRaise(listener: (reason: unknown) => void): () => void {
    if (this.#raised) {
      listener(this.#reason);
      return () => {};
    }
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
    return () => this.#listeners?.delete(listener);
  }
}
