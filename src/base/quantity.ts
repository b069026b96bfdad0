/** Kubernetes quantities (`250m`, `1.5Gi`), exact to a billionth. */

export type QuantityFormat = "DecimalSI" | "BinarySI" | "DecimalExponent";

export interface Quantity {
  /** Billionths. */
  readonly nanos: bigint;
  readonly format: QuantityFormat;
  /** As written, when that is already canonical. */
  readonly text?: string;
  /** Kubernetes keeps it as an int64 times this power of ten; absent: as a decimal of any size. They overflow apart. */
  readonly scale?: number;
}

class QuantityError extends Error {}

const FORMAT_TEXT =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const NANO = 10n ** 9n;
const MAX_INT64 = 2n ** 63n - 1n;
const MAX_BINARY = MAX_INT64 * NANO;
/** Most decimal digits that an int64 holds whatever they are. */
const FAST_DIGITS = 18;
/** The same where a power of two follows, whose own digits are counted in. */
const BINARY_DIGITS = 14;
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
  if (!fitsInt64(digits, fraction, suffix)) return { nanos: value, format };
  const scale = suffix.base === 2n || nanos === 0n ? 0 : suffix.exponent - fraction.length;
  return isWrittenCanonically(digits + fraction, scale, suffix)
    ? { nanos: value, format, scale, text }
    : { nanos: value, format, scale };
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

/** By Kubernetes' cautious estimate. */
function fitsInt64(digits: string, fraction: string, suffix: Suffix): boolean {
  if (suffix.base === 2n) {
    return fraction === "" && digits.length + Math.trunc((suffix.exponent * 3) / 10) <= BINARY_DIGITS;
  }
  return (digits + fraction).length <= FAST_DIGITS && suffix.exponent - fraction.length >= -9;
}

/** Kubernetes reuses the text in these cases, even where its canonical form would differ (`+1`, `1.`). */
function isWrittenCanonically(digits: string, scale: number, suffix: Suffix): boolean {
  if (suffix.base === 2n) return (BigInt(digits) & 7n) !== 0n;
  return scale % 3 === 0 && !digits.endsWith("000") && !digits.startsWith("0");
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
  return together(a, b, a.nanos + b.nanos);
}

export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return together(a, b, a.nanos - b.nanos);
}

function together(a: Quantity, b: Quantity, nanos: bigint): Quantity {
  const format = a.nanos === 0n ? b.format : a.format;
  if (a.scale === undefined || b.scale === undefined) return { nanos, format };
  const scale = a.nanos === 0n ? b.scale : b.nanos === 0n ? a.scale : Math.min(a.scale, b.scale);
  return isInt64(nanos / 10n ** BigInt(scale + 9)) ? { nanos, format, scale } : { nanos, format };
}

/** Whole units. What does not fit into an int64 comes out as it does in Kubernetes. */
export function quantityValue(quantity: Quantity): bigint {
  return inUnits(quantity, 0);
}

/** Thousandths, likewise. */
export function quantityMilliValue(quantity: Quantity): bigint {
  return inUnits(quantity, -3);
}

/** Steps of ten that Kubernetes multiplies by at once, unchecked; it goes the others one by one and stops at zero. */
const UNCHECKED_STEPS = [1, 2, 3, 6, 9];

function inUnits({ nanos, scale }: Quantity, unitScale: number): bigint {
  const unit = 10n ** BigInt(unitScale + 9);
  if (scale === undefined) return decimalInUnits(nanos, unit);
  const whole = nanos < 0n ? -ceilDivide(-nanos, unit) : ceilDivide(nanos, unit);
  return isInt64(whole) || UNCHECKED_STEPS.includes(scale - unitScale) ? BigInt.asIntN(64, whole) : 0n;
}

/** Rounded up. Kubernetes wraps the billionths of what is below int64's greatest value, however far below zero. */
function decimalInUnits(nanos: bigint, unit: bigint): bigint {
  const billionths = nanos < MAX_INT64 ? BigInt.asIntN(64, nanos) : nanos;
  const quotient = billionths / unit;
  return BigInt.asIntN(64, quotient * unit === billionths ? quotient : quotient + 1n);
}

function isInt64(value: bigint): boolean {
  return value === BigInt.asIntN(64, value);
}
