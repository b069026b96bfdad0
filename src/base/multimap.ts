/**
 * Texts by key, each once, in the order in which they came. Where most keys have one text, there is no set for each:
 * a set of one takes 200 bytes.
 */
export class Multimap {
  readonly #found = new Map<string, string | Set<string>>();

  get(key: string): readonly string[] {
    const found = this.#found.get(key);
    if (found === undefined) return [];
    return typeof found === "string" ? [found] : [...found];
  }

  has(key: string): boolean {
    return this.#found.has(key);
  }

  add(key: string, text: string): void {
    const found = this.#found.get(key);
    if (found === undefined || found === text) this.#found.set(key, text);
    else if (typeof found === "string") this.#found.set(key, new Set([found, text]));
    else found.add(text);
  }

  delete(key: string, text: string): void {
    const found = this.#found.get(key);
    if (found === text) this.#found.delete(key);
    if (!(found instanceof Set)) return;
    found.delete(text);
    if (found.size === 0) this.#found.delete(key);
  }
}
