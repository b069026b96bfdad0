/** Words of a slot: three of the name's hash, two of the revision (low, high). A slot of revision 0 is free. */
const SLOT = 5;
const FIRST_SLOTS = 1024;
const WORD = 2 ** 32;

/**
 * The present revision of each object by its name. 10,000 Services have 360,000 objects with their Events, whose names
 * alone would take 40 MB: kept is a hash of 96 bits, in one block of open addressing. Two of a million names agree in
 * it with a chance of one in 10^17; the younger object would then be taken for one that exists already.
 */
export class PresentRevisions {
  #words = new Uint32Array(FIRST_SLOTS * SLOT);
  #count = 0;
  /** Of the name asked for last. */
  readonly #hash = new Uint32Array(3);

  /** 0 when there is none. */
  get(name: string): number {
    return this.#revisionAt(this.#find(name));
  }

  set(name: string, revision: number): void {
    const at = this.#find(name);
    if (this.#revisionAt(at) === 0) this.#count++;
    this.#words.set(this.#hash, at);
    this.#words[at + 3] = revision % WORD;
    this.#words[at + 4] = Math.floor(revision / WORD);
    if (this.#count * SLOT > this.#words.length * 0.75) this.#grow();
  }

  delete(name: string): void {
    let free = this.#find(name);
    if (this.#revisionAt(free) === 0) return;
    this.#count--;
    // What was pushed past this slot when it was taken moves up, so that a search may end at the first free one.
    for (let at = this.#next(free); this.#revisionAt(at) !== 0; at = this.#next(at)) {
      const home = this.#home(this.#word(at));
      const isBetween = free <= at ? free < home && home <= at : free < home || home <= at;
      if (isBetween) continue;
      this.#words.copyWithin(free, at, at + SLOT);
      free = at;
    }
    this.#words.fill(0, free, free + SLOT);
  }

  /** Where the name's slot is, or would be. */
  #find(name: string): number {
    const hash = this.#hash;
    hashInto(hash, name);
    let at = this.#home(hash[0] ?? 0);
    while (this.#revisionAt(at) !== 0 && !this.#holdsHash(at)) at = this.#next(at);
    return at;
  }

  #holdsHash(at: number): boolean {
    const [a, b, c] = this.#hash;
    return this.#word(at) === a && this.#word(at + 1) === b && this.#word(at + 2) === c;
  }

  #revisionAt(at: number): number {
    return this.#word(at + 3) + this.#word(at + 4) * WORD;
  }

  #word(at: number): number {
    return this.#words[at] ?? 0;
  }

  #home(hash: number): number {
    return (hash % (this.#words.length / SLOT)) * SLOT;
  }

  #next(at: number): number {
    return at + SLOT === this.#words.length ? 0 : at + SLOT;
  }

  #grow(): void {
    const old = this.#words;
    this.#words = new Uint32Array(old.length * 2);
    for (let from = 0; from < old.length; from += SLOT) {
      if (old[from + 3] === 0 && old[from + 4] === 0) continue;
      let at = this.#home(old[from] ?? 0);
      while (this.#revisionAt(at) !== 0) at = this.#next(at);
      this.#words.set(old.subarray(from, from + SLOT), at);
    }
  }
}

/**
 * Three multiplications a character, of which each feeds the next, so that no two words say the same. Each step can be
 * undone: names that differ before an equal end stay apart through it, and all 96 bits count.
 */
function hashInto(hash: Uint32Array, name: string): void {
  let a = 0x9e3779b9;
  let b = 0x85ebca6b;
  let c = 0xc2b2ae35;
  for (let index = 0; index < name.length; index++) {
    a = Math.imul(a ^ name.charCodeAt(index), 0x2c1b3c6d);
    b = Math.imul(b ^ a, 0x297a2d39);
    c = Math.imul(c ^ b, 0x1b56c4e9);
    a ^= c >>> 13;
  }
  hash[0] = mixed(a ^ (b >>> 7));
  hash[1] = mixed(b ^ (c >>> 11));
  hash[2] = mixed(c ^ (a >>> 9));
}

function mixed(word: number): number {
  const half = Math.imul(word ^ (word >>> 16), 0x7feb352d);
  const whole = Math.imul(half ^ (half >>> 15), 0x846ca68b);
  return whole ^ (whole >>> 16);
}
