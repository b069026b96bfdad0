const ENTRIES_MAX = 8192;
/** Longer texts (data, messages) are rarely said twice. */
const TEXT_MAX = 100;

/**
 * Makes equal texts and equal flat maps of parsed JSON one: objects of the API repeat each other's names, labels and
 * environments, and most of their memory is that. Bounded: when it is full it forgets all and begins anew.
 */
export class Interner {
  readonly #texts = new Map<string, string>();
  readonly #maps = new Map<string, object>();

  /** Changes `value`, which was just parsed and belongs to nobody yet; the result is shared and so read only. */
  intern<T>(value: T): T {
    return this.#interned(value) as T;
  }

  #interned(value: unknown): unknown {
    if (typeof value === "string") return value.length > TEXT_MAX ? value : known(this.#texts, value, value);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) value[index] = this.#interned(value[index]);
      return value;
    }
    return this.#map(value as Record<string, unknown>);
  }

  #map(value: Record<string, unknown>): object {
    let isFlat = true;
    for (const name of Object.keys(value)) {
      const field = value[name];
      if (!isShort(field)) isFlat = false;
      value[name] = this.#interned(field);
    }
    return isFlat ? known(this.#maps, JSON.stringify(value), value) : value;
  }
}

function isShort(field: unknown): boolean {
  return typeof field === "string" ? field.length <= TEXT_MAX : typeof field !== "object" || field === null;
}

function known<T>(all: Map<string, T>, text: string, value: T): T {
  const found = all.get(text);
  if (found !== undefined) return found;
  if (all.size >= ENTRIES_MAX) all.clear();
  all.set(text, value);
  return value;
}
