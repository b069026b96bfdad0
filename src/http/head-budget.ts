/**
 * What the unfinished heads of all connections of a server may take together. A head that comes in one piece takes
 * nothing; one that is still short is always taken, so that slow but honest clients are served while others attack.
 */
export class HeadBudget {
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a head may grow from `held` to `wanted` bytes; counted when it may. */
  grow(held: number, wanted: number): boolean {
    const more = wanted - held;
    if (wanted > ALWAYS_BYTES && this.#bytes + more > this.#bytesMax) return false;
    this.#bytes += more;
    return true;
  }

  give(held: number): void {
    this.#bytes -= held;
  }
}

const ALWAYS_BYTES = 4 * 1024;
