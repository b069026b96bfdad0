/** Reads a ConfigMap's texts into typed values, with the error texts that Knative's users know (spec §5.9). */
import { durationMs, parseDuration } from "../../base/duration.ts";
import { messageOf } from "../../base/errors.ts";
import { parseBool, parseFloat64, parseInteger, parseUnsigned } from "../../base/numerals.ts";
import { parseQuantity } from "../../base/quantity.ts";

/** What a ConfigMap says cannot be used; the message is Knative's own. */
export class ConfigError extends Error {}

export type ConfigData = Readonly<Record<string, string>>;

/**
 * Each method takes the spellings of one key, older ones first: the last one present wins, yet every one present must
 * parse (errata §ConfigMaps).
 */
export class ConfigReader {
  readonly #data: ConfigData;

  constructor(data: ConfigData) {
    this.#data = data;
  }

  /** Without the blanks around it. */
  text(keys: string | readonly string[], fallback: string): string {
    return this.#read(keys, fallback, (text) => text.trim());
  }

  bool(keys: string | readonly string[], fallback: boolean): boolean {
    return this.#read(keys, fallback, parseBool);
  }

  int32(keys: string | readonly string[], fallback: number): number {
    return this.#read(keys, fallback, (text) => parseInteger(text, 32));
  }

  int64(keys: string | readonly string[], fallback: number): number {
    return this.#read(keys, fallback, (text) => parseInteger(text, 64));
  }

  uint32(keys: string | readonly string[], fallback: number): number {
    return this.#read(keys, fallback, (text) => parseUnsigned(text, 32));
  }

  float(keys: string | readonly string[], fallback: number): number {
    return this.#read(keys, fallback, parseFloat64);
  }

  durationMs(keys: string | readonly string[], fallback: number): number {
    return this.#read(keys, fallback, durationMs);
  }

  durationNs(keys: string | readonly string[], fallback: bigint): bigint {
    return this.#read(keys, fallback, parseDuration);
  }

  /** The quantity as written. */
  quantity(keys: string | readonly string[], fallback: string | undefined): string | undefined {
    return this.#read<string | undefined>(keys, fallback, (text) => {
      parseQuantity(text);
      return text;
    });
  }

  set(keys: string | readonly string[], fallback: ReadonlySet<string>): ReadonlySet<string> {
    return this.#read(keys, fallback, (text) => new Set(text.split(",").map((one) => one.trim())));
  }

  /** One of `values`, whatever the letter case; anything else silently keeps the fallback. */
  flag<T extends string>(key: string, values: readonly T[], fallback: T): T {
    const text = this.#data[key]?.toLowerCase();
    return values.find((value) => value.toLowerCase() === text) ?? fallback;
  }

  has(key: string): boolean {
    return this.#data[key] !== undefined;
  }

  #read<T>(keys: string | readonly string[], fallback: T, parse: (text: string) => T): T {
    let value = fallback;
    for (const key of typeof keys === "string" ? [keys] : keys) {
      const text = this.#data[key];
      if (text === undefined) continue;
      try {
        value = parse(text);
      } catch (thrown) {
        throw new ConfigError(`failed to parse ${JSON.stringify(key)}: ${messageOf(thrown)}`, {
          cause: thrown,
        });
      }
    }
    return value;
  }
}
