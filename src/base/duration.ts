/**
 * Durations as Go writes them (`1m30s`, `1.5h`), exact in nanoseconds: Knative's annotations and ConfigMaps use them,
 * and its error texts quote them.
 */

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const MAX = 2n ** 63n - 1n;
const SECOND = 1_000_000_000n;

/** The text is no duration; the message is Go's own, because users know it. */
export class DurationError extends Error {}

/** Nanoseconds. Throws DurationError. */
export function parseDuration(text: string): bigint {
  const match = /^([+-]?)(.*)$/su.exec(text);
  const negative = match?.[1] === "-";
  let rest = match?.[2] ?? "";
  if (rest === "0") return 0n;
  if (rest === "") throw new DurationError(`time: invalid duration ${quoted(text)}`);
  let total = 0n;
  while (rest !== "") {
    const part = /^([0-9]*)(?:\.([0-9]*))?([^0-9.]*)/u.exec(rest);
    const [taken = "", whole = "", fraction = "", unit = ""] = part ?? [];
    if (whole === "" && fraction === "") throw new DurationError(`time: invalid duration ${quoted(text)}`);
    if (unit === "") throw new DurationError(`time: missing unit in duration ${quoted(text)}`);
    const size = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
    if (size === undefined) {
      throw new DurationError(`time: unknown unit ${quoted(unit)} in duration ${quoted(text)}`);
    }
    total += BigInt(whole || "0") * size + fractionOf(fraction, size);
    if (total > MAX + 1n) throw new DurationError(`time: invalid duration ${quoted(text)}`);
    rest = rest.slice(taken.length);
  }
  if (!negative && total > MAX) throw new DurationError(`time: invalid duration ${quoted(text)}`);
  return negative ? -total : total;
}

/** A part of a unit, with float64's rounding and at most as many digits as an int64 holds, both as in Go. */
function fractionOf(digits: string, unit: bigint): bigint {
  let value = 0n;
  let scale = 1;
  for (const digit of digits) {
    const next = value * 10n + BigInt(digit);
    if (next > MAX + 1n) break;
    value = next;
    scale *= 10;
  }
  return value === 0n ? 0n : BigInt(Math.trunc(Number(value) * (Number(unit) / scale)));
}

/** In quotes, with every byte outside ASCII as \\xNN: Go's time package has its own way. */
function quoted(text: string): string {
  const bytes = [...Buffer.from(text)].map((byte) => {
    const char = String.fromCharCode(byte);
    if (char === '"' || char === "\\") return `\\${char}`;
    return byte < 0x20 || byte >= 0x80 ? `\\x${byte.toString(16).padStart(2, "0")}` : char;
  });
  return `"${bytes.join("")}"`;
}

/** Milliseconds, fractions kept. Throws DurationError. */
export function durationMs(text: string): number {
  return nsToMs(parseDuration(text));
}

export function nsToMs(ns: bigint): number {
  return Number(ns) / 1e6;
}

/** The shortest text that Go would print: `1m30s`, `1.5ms`, `0s`. */
export function durationText(ns: bigint): string {
  if (ns === 0n) return "0s";
  const sign = ns < 0n ? "-" : "";
  const size = ns < 0n ? -ns : ns;
  if (size < 1_000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${decimal(size, 1_000n, 3)}µs`;
  if (size < SECOND) return `${sign}${decimal(size, 1_000_000n, 6)}ms`;
  const hours = size / (3600n * SECOND);
  const minutes = (size / (60n * SECOND)) % 60n;
  const seconds = decimal(size % (60n * SECOND), SECOND, 9);
  if (hours > 0n) return `${sign}${hours}h${minutes}m${seconds}s`;
  if (minutes > 0n) return `${sign}${minutes}m${seconds}s`;
  return `${sign}${seconds}s`;
}

function decimal(value: bigint, unit: bigint, digits: number): string {
  const fraction = (value % unit).toString().padStart(digits, "0").replace(/0+$/, "");
  return fraction === "" ? `${value / unit}` : `${value / unit}.${fraction}`;
}

/** Whether there is no part below a second. */
export function isWholeSeconds(ns: bigint): boolean {
  return roundToSeconds(ns) === ns;
}

/** Half a second goes away from zero; near the ends of the range the value itself is returned, as in Go. */
export function roundToSeconds(ns: bigint): bigint {
  const rest = ns % SECOND;
  const size = rest < 0n ? -rest : rest;
  const toward = ns - rest;
  if (size + size < SECOND) return toward;
  const away = ns < 0n ? toward - SECOND : toward + SECOND;
  return away > MAX ? MAX : away < -MAX - 1n ? -MAX - 1n : away;
}

export function truncateToSeconds(ns: bigint): bigint {
  return ns - (ns % SECOND);
}
