/**
 * How long a program usually takes from its start to its listening port: pure. Nothing announces a listening port, so
 * it is asked for again and again; knowing when it will open lets that be often for a short while, and seldom before.
 */
export interface ExpectedOpening {
  /** Milliseconds since the program's start; it opens in between, as it did before. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Of each program so many starts are remembered: the first of a series is often slower than the rest. */
const STARTS_KEPT = 9;
const PROGRAMS_KEPT = 1000;
/** Starts differ by a few milliseconds on a quiet machine, and by a share of their length on a busy one. */
const MARGIN_MIN_MS = 5;
const MARGIN_SHARE = 0.1;

export class StartTimes {
  /** The least recently started program first. */
  readonly #byProgram = new Map<string, number[]>();

  note(program: string, durationMs: number): void {
    const known = this.#byProgram.get(program) ?? [];
    this.#byProgram.delete(program);
    this.#byProgram.set(program, [...known, durationMs].slice(-STARTS_KEPT));
    if (this.#byProgram.size <= PROGRAMS_KEPT) return;
    const [oldest] = this.#byProgram.keys();
    if (oldest !== undefined) this.#byProgram.delete(oldest);
  }

  /** undefined for a program that was never seen to open its port. */
  expected(program: string): ExpectedOpening | undefined {
    const known = this.#byProgram.get(program);
    if (known === undefined) return undefined;
    const usual = median(known);
    const spread = median(known.map((one) => Math.abs(one - usual)));
    const margin = Math.max(MARGIN_MIN_MS, usual * MARGIN_SHARE, 2 * spread);
    return { fromMs: Math.max(0, usual - margin), untilMs: usual + margin };
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[sorted.length >> 1] ?? 0;
}
