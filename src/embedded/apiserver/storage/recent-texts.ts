import type { Entry } from "./storage.ts";

/**
 * The texts of objects used lately, bounded by size: the cold path and hot objects need no disk. What was not used for
 * longest goes first.
 */
export class RecentTexts {
  readonly #sizeMax: number;
  #size = 0;
  readonly #entries = new Map<string, Entry>();

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
    }
    return entry;
  }

  set(key: string, entry: Entry): void {
    this.delete(key);
    this.#entries.set(key, entry);
    this.#size += entry.json.length;
    for (const [oldest, { json }] of this.#entries) {
      if (this.#size <= this.#sizeMax) break;
      this.#entries.delete(oldest);
      this.#size -= json.length;
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#size -= entry.json.length;
  }
}
