/** Of something that a server grants to few of its connections at a time, since granted to all it would be too much. */
export class Allowance {
  readonly #max: number;
  #granted = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Whether it was granted; then it is given back with `release`. */
  grant(): boolean {
    if (this.#granted >= this.#max) return false;
    this.#granted++;
    return true;
  }

  release(): void {
    this.#granted--;
  }
}
