import type * as Crypto from "node:crypto";

/** Randomness as a port, so that a simulation seed reproduces a run. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  uuid(): string;
  /** Bytes fit for keys and tokens. */
  bytes(count: number): Uint8Array;
}

let library: typeof Crypto | undefined;

/** Loading it takes 7 ms, a fifth of the time in which a queue-proxy can start: at first use. */
function cryptoLibrary(): typeof Crypto {
  library ??= process.getBuiltinModule("node:crypto");
  return library;
}

export const systemRandom: Random = {
  next: Math.random,
  uuid: () => cryptoLibrary().randomUUID(),
  bytes: (count) => cryptoLibrary().randomBytes(count),
};

/** A small fast generator (mulberry32): good enough to vary schedules, never for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const bytes = (count: number) => Uint8Array.from({ length: count }, () => Math.floor(next() * 256));
  const hex = (count: number) => Buffer.from(bytes(count)).toString("hex");
  return { next, bytes, uuid: () => `${hex(4)}-${hex(2)}-4${hex(2).slice(1)}-a${hex(2).slice(1)}-${hex(6)}` };
}

/** A whole number in [0, bound). */
export function randomInt(random: Random, bound: number): number {
  return Math.floor(random.next() * bound);
}

const SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

/** Five characters as Kubernetes appends to generateName (spec E-210). */
export function randomSuffix(random: Random): string {
  return Array.from({ length: 5 }, () => SUFFIX_ALPHABET[randomInt(random, SUFFIX_ALPHABET.length)]).join("");
}
