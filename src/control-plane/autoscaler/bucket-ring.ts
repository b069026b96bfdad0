/**
 * What one series of a revision looked like during the last N seconds: one bucket per Unix second, kept in a
 * ring (spec S-023, TM-003). Both averages read the same buckets, so the choice of algorithm is the asker's.
 */
export class BucketRing {
  #buckets: Float64Array;
  #total = 0;
  /** Unix seconds; undefined until the first write. */
  #firstSecond: number | undefined;
  #lastSecond: number | undefined;

  constructor(windowMs: number) {
    this.#buckets = new Float64Array(bucketCount(windowMs));
  }

  get windowSeconds(): number {
    return this.#buckets.length;
  }

  /** Adds to the bucket of its second. A value at least one window older than the last write is dropped. */
  record(atMs: number, value: number): void {
    const second = unixSecond(atMs);
    if (this.#lastSecond !== undefined && second + this.windowSeconds <= this.#lastSecond) return;
    if (this.#firstSecond === undefined || second < this.#firstSecond) this.#firstSecond = second;
    if (this.#lastSecond === undefined || second > this.#lastSecond) this.#advance(second);
    this.#buckets[this.#slot(second)] = this.#at(second) + value;
    this.#total += value;
  }

  /** Silence of exactly one window is not yet empty, though its linear average is 0 (errata S-023). */
  isEmpty(nowMs: number): boolean {
    return this.#lastSecond === undefined || unixSecond(nowMs) - this.#lastSecond > this.windowSeconds;
  }

  /** No write for a whole window. */
  isSilent(nowMs: number): boolean {
    return this.#lastSecond === undefined || unixSecond(nowMs) - this.#lastSecond >= this.windowSeconds;
  }

  /**
   * Mean of the seconds that have passed since the first write, at most one window (spec S-024): seconds
   * after the last write are left out, gaps between writes count as 0. Six digits, as the original rounds.
   */
  linearAverage(nowMs: number): number {
    if (this.#lastSecond === undefined || this.#firstSecond === undefined) return 0;
    const written = this.#lastSecond - this.#firstSecond + 1;
    const silent = unixSecond(nowMs) - this.#lastSecond;
    if (silent <= 0) return rounded(this.#total / Math.min(written, this.windowSeconds));
    if (silent >= this.windowSeconds) return 0;
    let total = this.#total;
    for (let ahead = 1; ahead <= silent; ahead++) total -= this.#at(this.#lastSecond + ahead);
    return rounded(total / Math.min(written, this.windowSeconds - silent));
  }

  /** Newer seconds weigh more; not normalised (spec S-025). */
  weightedAverage(nowMs: number): number {
    if (this.#lastSecond === undefined || this.isEmpty(nowMs)) return 0;
    const coefficient = smoothing(this.windowSeconds);
    const silent = Math.max(0, unixSecond(nowMs) - this.#lastSecond);
    let weight = coefficient * (1 - coefficient) ** silent;
    let average = 0;
    for (let age = 0; age < this.windowSeconds - silent; age++) {
      average += this.#at(this.#lastSecond - age) * weight;
      weight *= 1 - coefficient;
    }
    return average;
  }

  /**
   * Keeps the newest buckets when the last write lies within the old window, else forgets all (errata S-023).
   */
  resize(windowMs: number, nowMs: number): void {
    const count = bucketCount(windowMs);
    const oldCount = this.windowSeconds;
    if (count === oldCount) return;
    const last = this.isEmpty(nowMs) ? undefined : this.#lastSecond;
    const kept = new Float64Array(count);
    let total = 0;
    for (let age = 0; last !== undefined && age < Math.min(oldCount, count); age++) {
      const value = this.#at(last - age);
      kept[modulo(last - age, count)] = value;
      total += value;
    }
    this.#buckets = kept;
    this.#total = total;
    // The time of the last write stays even when its value is forgotten: a longer window is then not empty,
    // but 0.
    this.#firstSecond = last === undefined ? undefined : last - (oldCount - 1);
  }

  #advance(second: number): void {
    const last = this.#lastSecond;
    this.#lastSecond = second;
    if (last === undefined) return;
    if (second - last >= this.windowSeconds) {
      this.#buckets.fill(0);
      this.#total = 0;
      this.#firstSecond = second;
      return;
    }
    for (let expired = last + 1; expired <= second; expired++) {
      this.#total -= this.#at(expired);
      this.#buckets[this.#slot(expired)] = 0;
    }
  }

  #slot(second: number): number {
    return modulo(second, this.#buckets.length);
  }

  #at(second: number): number {
    return this.#buckets[this.#slot(second)] ?? 0;
  }
}

function bucketCount(windowMs: number): number {
  return Math.max(1, Math.ceil(windowMs / 1000));
}

function unixSecond(atMs: number): number {
  return Math.floor(atMs / 1000);
}

function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}

/** So large that 99.99 % of the weight lies inside the window, and at least 0.2 (spec S-025). */
function smoothing(buckets: number): number {
  return Math.max(1 - (1 - 0.9999) ** (1 / buckets), 0.2);
}

function rounded(value: number): number {
  return Math.floor(value * 1e6 + 0.5) / 1e6;
}
