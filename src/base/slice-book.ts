/**
 * No synchronous slice of work may hold up everything else of its process for longer than this (DESIGN §4, Slices).
 * The data plane is exempt from the promise, not from being watched.
 */
export const SLICE_LIMIT_MS = 5;

/** What was seen of a process since the last look. */
export interface SliceReading {
  readonly longestMs: number;
  /** Slices over the limit. */
  readonly overCount: number;
}

/** Something to tell: `loud` when a person waited for it. */
export interface SliceNews extends SliceReading {
  readonly isLoud: boolean;
  /** Since the process started. */
  readonly totals: SliceReading;
}

/** Longer than a person's patience with one more frame: worth a warning by itself. */
const LOUD_MS = 100;
const LINE_EVERY_MS = 60_000;

/** Slices that were too long, and when to tell of them: once a minute at most, or louder than before. Pure. */
export class SliceBook {
  #totals: SliceReading = { longestMs: 0, overCount: 0 };
  #untold: SliceReading = { longestMs: 0, overCount: 0 };
  #toldMs = Number.NEGATIVE_INFINITY;
  #toldLoud = false;

  get totals(): SliceReading {
    return this.#totals;
  }

  /** Returns what is to be told now; what is not waits for a later call. */
  note(reading: SliceReading, nowMs: number): SliceNews | undefined {
    this.#totals = sum(this.#totals, reading);
    this.#untold = sum(this.#untold, reading);
    if (this.#untold.overCount === 0) return undefined;
    const isLoud = this.#untold.longestMs >= LOUD_MS;
    const isQuietTime = nowMs - this.#toldMs < LINE_EVERY_MS;
    if (isQuietTime && (!isLoud || this.#toldLoud)) return undefined;
    const news = { ...this.#untold, isLoud, totals: this.#totals };
    this.#untold = { longestMs: 0, overCount: 0 };
    this.#toldMs = nowMs;
    this.#toldLoud = isLoud;
    return news;
  }
}

function sum(left: SliceReading, right: SliceReading): SliceReading {
  return {
    longestMs: Math.max(left.longestMs, right.overCount > 0 ? right.longestMs : 0),
    overCount: left.overCount + right.overCount,
  };
}
