/**
 * Numbers as Go's strconv reads and prints them: Knative's ConfigMaps and annotations are parsed by it, and its error
 * texts reach users.
 */

export class NumeralError extends Error {
  readonly isRange: boolean;

  constructor(message: string, isRange: boolean) {
    super(message);
    this.isRange = isRange;
  }
}

function syntax(name: string, text: string): NumeralError {
  return new NumeralError(`strconv.${name}: parsing ${JSON.stringify(text)}: invalid syntax`, false);
}

function range(name: string, text: string): NumeralError {
  return new NumeralError(`strconv.${name}: parsing ${JSON.stringify(text)}: value out of range`, true);
}

export function parseBool(text: string): boolean {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(text)) return true;
  if (["0", "f", "F", "false", "FALSE", "False"].includes(text)) return false;
  throw syntax("ParseBool", text);
}

/** A signed integer of `bits` bits; beyond 2^53 it loses precision, yet the range is checked exactly. */
export function parseInteger(text: string, bits: 32 | 64): number {
  if (!/^[+-]?[0-9]+$/.test(text)) throw syntax("ParseInt", text);
  const value = BigInt(text.replace(/^\+/, ""));
  if (BigInt.asIntN(bits, value) !== value) throw range("ParseInt", text);
  return Number(value);
}

export function parseUnsigned(text: string, bits: 32 | 64): number {
  if (!/^[0-9]+$/.test(text)) throw syntax("ParseUint", text);
  const value = BigInt(text);
  if (BigInt.asUintN(bits, value) !== value) throw range("ParseUint", text);
  return Number(value);
}

const DECIMAL = /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$/;
const HEX = /^([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?[0-9]+)$/;

/** As in Go's own literals, one may stand between two digits. */
function withoutUnderscores(text: string): string {
  return /^[^_]*([0-9]_[0-9][^_]*)+$/.test(text) ? text.replaceAll("_", "") : text;
}

/** What strconv.ParseFloat reads. Throws a NumeralError. */
export function parseFloat64(text: string): number {
  const special = /^([+-]?)(inf|infinity)$/i.exec(text);
  if (special !== null) return special[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^nan$/i.test(text)) return Number.NaN;
  const hex = HEX.exec(text);
  if (hex !== null && `${hex[2]}${hex[3]}` !== "") {
    const digits = Number.parseInt(`${hex[2]}${hex[3]}`, 16);
    const exponent = Number(hex[4]) - 4 * (hex[3] ?? "").length;
    return (hex[1] === "-" ? -1 : 1) * digits * 2 ** exponent;
  }
  const digits = withoutUnderscores(text);
  if (!DECIMAL.test(digits)) throw syntax("ParseFloat", text);
  const value = Number(digits);
  if (!Number.isFinite(value)) throw range("ParseFloat", text);
  return value;
}

/** %v of a float64: the shortest text, with an exponent below 1e-4 and from 1e6 on. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (Object.is(value, -0)) return "-0";
  const shortest = value.toExponential();
  const exponent = Number(shortest.slice(shortest.indexOf("e") + 1));
  return exponent < -4 || exponent >= 6 ? exponentText(shortest) : String(value);
}

/** At least two digits, as Go: 5e-05. */
export function exponentText(text: string): string {
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

/** %f of a float64, with so many places. */
export function fixedFloatText(value: number, places = 6): string {
  if (!Number.isFinite(value)) return floatText(value);
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  return `${sign}${fixedText(Math.abs(value), places)}`;
}

/** With so many places, exact halves to the even digit, as Go; JavaScript goes up. */
export function fixedText(size: number, places: number): string {
  const text = size.toFixed(places);
  const exact = size.toFixed(100);
  const cut = exact.slice(0, exact.indexOf(".") + 1 + places);
  const isHalf = /^50*$/.test(exact.slice(cut.length));
  return isHalf && /[02468]\.?$/.test(cut) ? cut.replace(/\.$/, "") : text;
}
