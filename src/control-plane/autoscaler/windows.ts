import { BucketRing } from "./bucket-ring.ts";

/** The numbers of one report that count, after spec S-027. */
export interface Sample {
  readonly concurrency: number;
  readonly proxiedConcurrency: number;
  readonly requestCount: number;
  readonly proxiedRequestCount: number;
}

export interface WindowSizes {
  readonly stableMs: number;
  readonly panicMs: number;
}

export type Aggregation = "linear" | "weighted";
export type Series = "concurrency" | "rps";

export interface Averages {
  readonly stable: number;
  readonly panic: number;
}

/**
 * All that is remembered of one revision's traffic: concurrency and requests per second, each over the stable
 * and the panic window (spec S-026). What the activator has proxied is subtracted, because it reports that
 * itself.
 */
export class RevisionWindows {
  readonly #aggregation: Aggregation;
  readonly #rings: Record<Series, { readonly stable: BucketRing; readonly panic: BucketRing }>;

  /** The aggregation stays for the life of the object, windows may be resized (spec S-025). */
  constructor(sizes: WindowSizes, aggregation: Aggregation) {
    const pair = () => ({ stable: new BucketRing(sizes.stableMs), panic: new BucketRing(sizes.panicMs) });
    this.#aggregation = aggregation;
    this.#rings = { concurrency: pair(), rps: pair() };
  }

  record(atMs: number, sample: Sample): void {
    this.#add("concurrency", atMs, sample.concurrency - sample.proxiedConcurrency);
    this.#add("rps", atMs, sample.requestCount - sample.proxiedRequestCount);
  }

  resize(sizes: WindowSizes, nowMs: number): void {
    for (const { stable, panic } of Object.values(this.#rings)) {
      stable.resize(sizes.stableMs, nowMs);
      panic.resize(sizes.panicMs, nowMs);
    }
  }

  /** Only the stable buckets of the asked series decide (errata S-028). */
  isEmpty(series: Series, nowMs: number): boolean {
    return this.#rings[series].stable.isEmpty(nowMs);
  }

  isSilent(series: Series, nowMs: number): boolean {
    return this.#rings[series].stable.isSilent(nowMs);
  }

  averages(series: Series, nowMs: number): Averages {
    const { stable, panic } = this.#rings[series];
    return { stable: this.#average(stable, nowMs), panic: this.#average(panic, nowMs) };
  }

  #add(series: Series, atMs: number, value: number): void {
    this.#rings[series].stable.record(atMs, value);
    this.#rings[series].panic.record(atMs, value);
  }

  #average(ring: BucketRing, nowMs: number): number {
    return this.#aggregation === "weighted" ? ring.weightedAverage(nowMs) : ring.linearAverage(nowMs);
  }
}
