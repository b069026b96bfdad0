/**
 * The header fields of one message, in order, names as sent. Look-ups ignore letter case and take lower-case names.
 * One flat array [name, value, name, value, …]: no object per header.
 */
export class HeaderBlock {
  readonly #flat: string[];
  /** A bit for each kind of name that is or was here: most look-ups are for fields that are not there. */
  #kinds: number;

  constructor(flat: string[] = [], kinds = kindsOfFields(flat)) {
    this.#flat = flat;
    this.#kinds = kinds;
  }

  /** [name, value, name, value, …], for hot loops; not to be changed by the caller. */
  get flat(): readonly string[] {
    return this.#flat;
  }

  /** The first value of `lowerName`. */
  get(lowerName: string): string | undefined {
    if ((this.#kinds & kindOf(lowerName)) === 0) return undefined;
    const flat = this.#flat;
    for (let index = 0; index < flat.length; index += 2) {
      if (isName(flat[index] as string, lowerName)) return flat[index + 1];
    }
    return undefined;
  }

  /** False when there is surely no field of any of these kinds. */
  mayHaveAny(kinds: number): boolean {
    return (this.#kinds & kinds) !== 0;
  }

  has(lowerName: string): boolean {
    return this.get(lowerName) !== undefined;
  }

  /** All values of `lowerName`, in order. */
  all(lowerName: string): string[] {
    const values: string[] = [];
    if ((this.#kinds & kindOf(lowerName)) === 0) return values;
    const flat = this.#flat;
    for (let index = 0; index < flat.length; index += 2) {
      if (isName(flat[index] as string, lowerName)) values.push(flat[index + 1] as string);
    }
    return values;
  }

  append(name: string, value: string): void {
    this.#kinds |= kindOf(name);
    this.#flat.push(name, value);
  }

  /** Replaces every line of that name by one. */
  set(name: string, value: string): void {
    if ((this.#kinds & kindOf(name)) !== 0) this.delete(name.toLowerCase());
    this.append(name, value);
  }

  delete(lowerName: string): void {
    if ((this.#kinds & kindOf(lowerName)) === 0) return;
    const flat = this.#flat;
    let kept = 0;
    for (let index = 0; index < flat.length; index += 2) {
      const name = flat[index] as string;
      if (isName(name, lowerName)) continue;
      flat[kept] = name;
      flat[kept + 1] = flat[index + 1] as string;
      kept += 2;
    }
    flat.length = kept;
  }

  /** Writes each name as `spell` does, which may change letter case only. */
  respell(spell: (name: string) => string): void {
    const flat = this.#flat;
    for (let index = 0; index < flat.length; index += 2) flat[index] = spell(flat[index] as string);
  }

  /** Takes out all lines of that name but the first. */
  keepFirst(lowerName: string): void {
    const flat = this.#flat;
    let count = 0;
    for (let index = 0; index < flat.length; index += 2) {
      if (isName(flat[index] as string, lowerName)) count += 1;
    }
    if (count > 1) this.set(lowerName, this.get(lowerName) as string);
  }

  copy(): HeaderBlock {
    return new HeaderBlock(this.#flat.slice(), this.#kinds);
  }

  *[Symbol.iterator](): IterableIterator<[string, string]> {
    for (let index = 0; index < this.#flat.length; index += 2) {
      yield [this.#flat[index] as string, this.#flat[index + 1] as string];
    }
  }
}

/** One of 32 bits for a name, whatever its letter case. hot path */
function kindOf(name: string): number {
  return 1 << (((name.charCodeAt(0) | 32) + 7 * name.length) & 31);
}

/** The bits of all `names`. */
export function kindsOf(names: readonly string[]): number {
  return names.reduce((kinds, name) => kinds | kindOf(name), 0);
}

function kindsOfFields(flat: readonly string[]): number {
  let kinds = 0;
  for (let index = 0; index < flat.length; index += 2) kinds |= kindOf(flat[index] as string);
  return kinds;
}

/** Whether a field's name is `lowerName`, whatever its letter case. hot path: no new string. */
export function isName(name: string, lowerName: string): boolean {
  if (name.length !== lowerName.length) return false;
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at);
    const lower = lowerName.charCodeAt(at);
    // Bit 32 tells a capital from its small letter.
    if (code !== lower && ((code | 32) !== lower || lower < 97 || lower > 122)) return false;
  }
  return true;
}
