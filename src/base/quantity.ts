/** Kubernetes quantities (`250m`, `1.5Gi`), exact to a billionth. */

export type QuantityFormat = "DecimalSI" | "BinarySI" | "DecimalExponent";

export interface Quantity {
  /** Billionths. */
  readonly nanos: bigint;
  readonly format: QuantityFormat;
  /** As written, when that is already canonical. */
  readonly text?: string;
}

class QuantityError extends Error {}

const FORMAT_TEXT =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const NANO = 10n ** 9n;
const MAX_BINARY = (2n ** 63n - 1n) * NANO;
/** Most decimal digits that an int64 holds whatever they are. */
const FAST_DIGITS = 18;
const DECIMAL_EXPONENTS: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  "": 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const BINARY_EXPONENTS: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };

interface Suffix {
  readonly base: 2n | 10n;
  readonly exponent: number;
  readonly format: QuantityFormat;
}

/** Throws QuantityError with Kubernetes' text. */
export function parseQuantity(text: string): Quantity {
  const match = /^([+-]?)0*([0-9]*)(\.[0-9]*)?([eEinumkKMGTP]*[-+]?[0-9]*)$/.exec(text);
  if (text === "" || match === null) throw new QuantityError(FORMAT_TEXT);
  const [, sign = "", whole = "", point = "", suffixText = ""] = match;
  const suffix = suffixOf(suffixText);
  const fraction = point.slice(1);
  const digits = whole === "" ? "0" : whole;
  if (text.replace(/^[+-]/, "").startsWith(".") && fraction === "" && suffixText !== "") {
    throw new QuantityError("unable to parse numeric part of quantity");
  }
  let nanos = scaled(BigInt(digits + fraction), suffix, fraction.length);
  let format = suffix.format;
  if (format === "BinarySI") {
    if (nanos > MAX_BINARY) nanos = MAX_BINARY;
    if (nanos > 0n && nanos < NANO) format = "DecimalSI";
  }
  const value = sign === "-" ? -nanos : nanos;
  return isWrittenCanonically(digits, fraction, suffix)
    ? { nanos: value, format, text }
    : { nanos: value, format };
}

function suffixOf(text: string): Suffix {
  const decimal = Object.hasOwn(DECIMAL_EXPONENTS, text) ? DECIMAL_EXPONENTS[text] : undefined;
  if (decimal !== undefined) return { base: 10n, exponent: decimal, format: "DecimalSI" };
  const binary = Object.hasOwn(BINARY_EXPONENTS, text) ? BINARY_EXPONENTS[text] : undefined;
  if (binary !== undefined) return { base: 2n, exponent: binary, format: "BinarySI" };
  const exponent = /^[eE]([-+]?[0-9]+)$/.exec(text)?.[1];
  if (exponent === undefined) throw new QuantityError("unable to parse quantity's suffix");
  const number = Number(exponent);
  if (!Number.isInteger(number) || Math.abs(number) > 2 ** 31) {
    throw new QuantityError("unable to parse quantity's suffix");
  }
  return { base: 10n, exponent: number, format: "DecimalExponent" };
}

/** Billionths, rounded up: whoever asks for a little gets a little. */
function scaled(digits: bigint, suffix: Suffix, fractionDigits: number): bigint {
  if (digits === 0n) return 0n;
  if (suffix.base === 2n)
    return ceilDivide(digits * NANO * 2n ** BigInt(suffix.exponent), 10n ** BigInt(fractionDigits));
  const exponent = suffix.exponent - fractionDigits + 9;
  // A request beyond a thousand digits is a mistake; the cap keeps it from eating memory.
  if (exponent > 1000) throw new QuantityError("unable to parse numeric part of quantity");
  if (exponent >= 0) return digits * 10n ** BigInt(exponent);
  if (-exponent > digits.toString().length + 1) return 1n;
  return ceilDivide(digits, 10n ** BigInt(-exponent));
}

function ceilDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return quotient * divisor === dividend || dividend < 0n ? quotient : quotient + 1n;
}

/** Kubernetes reuses the text in these cases, even where its canonical form would differ (`+1`, `1.`). */
function isWrittenCanonically(digits: string, fraction: string, suffix: Suffix): boolean {
  if (suffix.format === "BinarySI") {
    const precision = 15 - digits.length - Math.trunc((suffix.exponent * 3) / 10) - 1;
    return fraction === "" && precision >= 0 && (BigInt(digits) & 7n) !== 0n;
  }
  const shifted = digits + fraction;
  const scale = suffix.exponent - fraction.length;
  if (shifted.length > FAST_DIGITS || scale < -9) return false;
  return scale % 3 === 0 && !shifted.endsWith("000") && !shifted.startsWith("0");
}

/** The text in the form that the API shows. */
export function quantityText(quantity: Quantity): string {
  if (quantity.text !== undefined) return quantity.text;
  const { nanos } = quantity;
  if (nanos === 0n) return "0";
  const size = nanos < 0n ? -nanos : nanos;
  const isBinary = quantity.format === "BinarySI" && size >= 1024n * NANO && size % NANO === 0n;
  const text = isBinary ? binaryText(size / NANO) : decimalText(size, quantity.format);
  return nanos < 0n ? `-${text}` : text;
}

function binaryText(value: bigint): string {
  const suffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
  let rest = value;
  let step = 0;
  while (rest % 1024n === 0n && step < suffixes.length - 1) {
    rest /= 1024n;
    step += 1;
  }
  return `${rest}${suffixes[step]}`;
}

function decimalText(nanos: bigint, format: QuantityFormat): string {
  let rest = nanos;
  let exponent = -9;
  while (rest % 1000n === 0n && (exponent < 18 || format === "DecimalExponent")) {
    rest /= 1000n;
    exponent += 3;
  }
  if (format === "DecimalExponent") return exponent === 0 ? `${rest}` : `${rest}e${exponent}`;
  const suffix = Object.entries(DECIMAL_EXPONENTS).find(([, value]) => value === exponent)?.[0] ?? "";
  return `${rest}${suffix}`;
}

/** −1, 0 or 1. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;
}

/** The sum takes the format of the first one that is not zero. */
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos + b.nanos, format: a.nanos === 0n ? b.format : a.format };
}

export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos - b.nanos, format: a.nanos === 0n ? b.format : a.format };
}

/** Whole units, rounded away from zero; beyond int64 it wraps, as in Kubernetes. */
export function quantityValue(quantity: Quantity): bigint {
  return awayFromZero(quantity.nanos, NANO);
}

/** Thousandths, likewise. */
export function quantityMilliValue(quantity: Quantity): bigint {
  return awayFromZero(quantity.nanos, 1_000_000n);
}

function awayFromZero(nanos: bigint, unit: bigint): bigint {
  return BigInt.asIntN(64, nanos < 0n ? -ceilDivide(-nanos, unit) : ceilDivide(nanos, unit));
}
