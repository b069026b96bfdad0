/**
 * Knative's field errors (spec A-161…A-163): a message with the paths it is about, merged and sorted when shown. A
 * value: each method gives a new one.
 */
export type Level = "Error" | "Warning";

interface Entry {
  readonly message: string;
  readonly paths: readonly string[];
  readonly details: string;
  readonly level: Level;
}

export class FieldErrors {
  static readonly none = new FieldErrors([]);
  readonly #entries: readonly Entry[];

  private constructor(entries: readonly Entry[]) {
    this.#entries = entries;
  }

  /** One error; `details` follow on a line of their own. */
  static of(message: string, paths: readonly string[], details = ""): FieldErrors {
    return new FieldErrors([{ message, paths, details, level: "Error" }]);
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  also(...others: readonly FieldErrors[]): FieldErrors {
    const added = others.flatMap((other) => other.#entries);
    return added.length === 0 ? this : new FieldErrors([...this.#entries, ...added]);
  }

  /** Everything gathered so far lies below `prefix`. */
  viaField(...prefix: readonly string[]): FieldErrors {
    return new FieldErrors(
      this.#entries.map((entry) => ({
        ...entry,
        paths: entry.paths.map((path) => flatten([...prefix, path])),
      })),
    );
  }

  viaIndex(index: number): FieldErrors {
    return this.viaField(`[${index}]`);
  }

  viaKey(key: string): FieldErrors {
    return this.viaField(`[${key}]`);
  }

  viaFieldIndex(field: string, index: number): FieldErrors {
    return this.viaIndex(index).viaField(field);
  }

  at(level: Level): FieldErrors {
    return new FieldErrors(this.#entries.map((entry) => ({ ...entry, level })));
  }

  filter(level: Level): FieldErrors {
    return new FieldErrors(this.#entries.filter((entry) => entry.level === level));
  }

  /** One line for each distinct message, its paths sorted and joined. */
  text(): string {
    const merged = new Map<string, Entry & { paths: Set<string> }>();
    for (const entry of this.#entries) {
      const key = `${entry.level}-${entry.message}-${entry.details}`;
      const known = merged.get(key);
      if (known === undefined) merged.set(key, { ...entry, paths: new Set(entry.paths) } as never);
      else for (const path of entry.paths) known.paths.add(path);
    }
    const sorted = [...merged.values()].sort(
      (a, b) => compare(a.message, b.message) || compare(a.details, b.details) || compare(a.level, b.level),
    );
    return sorted.map(lineOf).join("\n");
  }
}

function lineOf({
  message,
  paths,
  details,
}: {
  message: string;
  paths: Set<string>;
  details: string;
}): string {
  const line = `${message}: ${[...paths].sort().join(", ")}`;
  return details === "" ? line : `${line}\n${details}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Every part is split at its dots again; an index sticks to what is before it, an empty part vanishes. */
function flatten(parts: readonly string[]): string {
  const joined: string[] = [];
  for (const part of parts.flatMap((one) => one.split("."))) {
    if (part === "") continue;
    const isIndex = part.startsWith("[") && part.endsWith("]");
    if (isIndex && joined.length > 0) joined.push(`${joined.pop()}${part}`);
    else joined.push(part);
  }
  return joined.join(".");
}

/** The place itself, where a path would name a field. */
export const HERE = "";
export const INT32_MAX = 2_147_483_647;

export function missingField(...paths: string[]): FieldErrors {
  return FieldErrors.of("missing field(s)", paths);
}

export function disallowedFields(...paths: string[]): FieldErrors {
  return paths.length === 0
    ? FieldErrors.none
    : FieldErrors.of("must not set the field(s)", [...paths].sort());
}

export function invalidValue(value: unknown, path: string, details = ""): FieldErrors {
  return FieldErrors.of(`invalid value: ${value}`, [path], details);
}

export function outOfBounds(bounds: {
  readonly value: unknown;
  readonly low: unknown;
  readonly high: unknown;
  readonly path: string;
}): FieldErrors {
  return FieldErrors.of(`expected ${bounds.low} <= ${bounds.value} <= ${bounds.high}`, [bounds.path]);
}

export function missingOneOf(...paths: string[]): FieldErrors {
  return FieldErrors.of("expected exactly one, got neither", paths);
}

export function multipleOneOf(...paths: string[]): FieldErrors {
  return FieldErrors.of("expected exactly one, got both", paths);
}

export function invalidKeyName(key: string, path: string, ...details: string[]): FieldErrors {
  return FieldErrors.of(`invalid key name ${JSON.stringify(key)}`, [path], details.join(", "));
}
