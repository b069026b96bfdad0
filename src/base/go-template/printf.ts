import { goQuoted } from "../go-quoted.ts";
import { exponentText, fixedText, floatText } from "../numerals.ts";
import {
  Float,
  GoMap,
  GoStruct,
  isList,
  print,
  printAll,
  printArgument,
  typeName,
  type Value,
} from "./values.ts";

/** fmt.Sprintf for the values that templates have: verbs, flags, width and precision, and Go's words for misuse. */

interface Spec {
  readonly verb: string;
  readonly flags: string;
  readonly width: number | undefined;
  readonly precision: number | undefined;
}

const SPEC = /%([-+# 0]*)(\d+|\*)?(?:\.(\d+|\*)?)?(.|$)/gsu;

export function printf(format: string, values: readonly Value[]): string {
  let next = 0;
  const star = (text: string | undefined): number | undefined => {
    if (text !== "*") return text === undefined ? undefined : Number(text);
    const value = values[next++];
    return typeof value === "number" ? value : undefined;
  };
  const out = format.replace(SPEC, (...match: (string | undefined)[]) => {
    const [all = "", flags = "", width, precision, verb = ""] = match;
    if (verb === "") return "%!(NOVERB)";
    if (verb === "%") return "%";
    const isPointed = all.slice(0, -verb.length).includes(".");
    const wide = star(width);
    const spec: Spec = {
      verb,
      flags: wide !== undefined && wide < 0 ? `-${flags}` : flags,
      width: wide === undefined ? undefined : Math.abs(wide),
      precision: isPointed ? (star(precision) ?? 0) : undefined,
    };
    if (next >= values.length) return `%!${verb}(MISSING)`;
    return one(spec, values[next++]);
  });
  const extra = values.slice(next);
  if (extra.length === 0) return out;
  return `${out}%!(EXTRA ${extra.map((value) => `${typeName(value)}=${printAll([value])}`).join(", ")})`;
}

function one(spec: Spec, value: Value): string {
  const { verb } = spec;
  if (verb === "T") return padded(spec, value === undefined ? "<nil>" : typeName(value));
  if (verb === "v" && !isList(value) && !(value instanceof GoMap)) return generic(spec, value);
  if (isList(value)) return `[${value.map((item) => one(spec, item)).join(" ")}]`;
  if (value instanceof GoMap) {
    return `map[${value.keys.map((key) => `${one(spec, key)}:${one(spec, value.get(key))}`).join(" ")}]`;
  }
  if (typeof value === "string") return text(spec, value);
  if (typeof value === "boolean") return verb === "t" ? padded(spec, String(value)) : bad(verb, value);
  if (typeof value === "number") return whole(spec, value);
  if (value instanceof Float) return float(spec, value);
  if (value instanceof GoStruct) {
    if (value.methods.String) return text(spec, print(value));
    const fields = Object.values(value.fields).map((field) => one(spec, field));
    return `${value.type.startsWith("*") ? "&" : ""}{${fields.join(" ")}}`;
  }
  return bad(verb, value);
}

function generic(spec: Spec, value: Value): string {
  if (typeof value === "string") return text({ ...spec, verb: spec.flags.includes("#") ? "q" : "s" }, value);
  if (typeof value === "number") return whole({ ...spec, verb: "d" }, value);
  if (value instanceof Float) return float({ ...spec, verb: "g" }, value);
  if (value === undefined || value === null) return padded(spec, "<nil>");
  return padded(spec, printArgument(value, spec.flags.includes("+")));
}

function text(spec: Spec, value: string): string {
  const cut = spec.precision === undefined ? value : [...value].slice(0, spec.precision).join("");
  switch (spec.verb) {
    case "s":
      return padded(spec, cut);
    case "q":
      return padded(spec, spec.flags.includes("#") && !/[`\p{Cc}]/u.test(cut) ? `\`${cut}\`` : goQuoted(cut));
    case "x":
    case "X": {
      const bytes = [...Buffer.from(value)].slice(0, spec.precision);
      const hex = bytes
        .map((byte) => byte.toString(16).padStart(2, "0"))
        .join(spec.flags.includes(" ") ? " " : "");
      return padded(spec, spec.verb === "X" ? hex.toUpperCase() : hex);
    }
    default:
      return bad(spec.verb, value);
  }
}

const BASES: Readonly<Record<string, number>> = { d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };

function whole(spec: Spec, value: number): string {
  const { verb, flags, precision } = spec;
  if (verb === "c" || verb === "q" || verb === "U") return rune(spec, value);
  const base = BASES[verb];
  if (base === undefined) return bad(verb, value);
  let digits = Math.abs(value).toString(base);
  if (verb === "X") digits = digits.toUpperCase();
  digits = digits.padStart(precision ?? 0, "0");
  if (flags.includes("#")) digits = `${{ b: "0b", o: "0", x: "0x", X: "0X" }[verb] ?? ""}${digits}`;
  if (verb === "O") digits = `0o${digits}`;
  const mayZeroPad = precision === undefined;
  return numeric(spec, { isNegative: value < 0, digits, mayZeroPad });
}

function rune(spec: Spec, value: number): string {
  const sign = value >= 0 && value <= 0x10ffff ? String.fromCodePoint(value) : "\uFFFD";
  if (spec.verb === "U") return padded(spec, `U+${value.toString(16).toUpperCase().padStart(4, "0")}`);
  if (spec.verb === "c") return padded(spec, sign);
  return padded(spec, `'${sign === "'" ? "\\'" : goQuoted(sign).slice(1, -1).replace(/^\\"$/, '"')}'`);
}

function float(spec: Spec, { value }: Float): string {
  const { verb } = spec;
  if (!/[eEfFgG]/.test(verb)) return bad(verb, new Float(value));
  const size = Math.abs(value);
  if (!Number.isFinite(size))
    return padded({ ...spec, flags: spec.flags.replace("0", "") }, floatText(value));
  const digits = floatDigits(verb.toLowerCase(), size, spec.precision);
  const isNegative = value < 0 || Object.is(value, -0);
  const shown = /[EG]/.test(verb) ? digits.toUpperCase() : digits;
  return numeric(spec, { isNegative, digits: shown, mayZeroPad: true });
}

function floatDigits(verb: string, size: number, precision: number | undefined): string {
  if (verb === "f") return fixedText(size, Math.min(precision ?? 6, 99));
  if (verb === "e") return exponentText(size.toExponential(Math.min(precision ?? 6, 100)));
  if (precision === undefined) return floatText(size);
  const places = Math.max(precision, 1);
  const exponent = size === 0 ? 0 : Number(size.toExponential(places - 1).split("e")[1]);
  if (exponent >= -4 && exponent < places) {
    const fixed = fixedText(size, Math.max(0, places - 1 - exponent));
    return fixed.includes(".") ? fixed.replace(/\.?0+$/, "") : fixed;
  }
  return exponentText(size.toExponential(places - 1).replace(/\.?0+e/, "e"));
}

interface Digits {
  readonly isNegative: boolean;
  readonly digits: string;
  readonly mayZeroPad: boolean;
}

function numeric(spec: Spec, { isNegative, digits, mayZeroPad }: Digits): string {
  const { flags, width = 0 } = spec;
  const sign = isNegative ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
  if (mayZeroPad && flags.includes("0") && !flags.includes("-")) {
    return sign + digits.padStart(width - sign.length, "0");
  }
  return padded({ ...spec, flags: flags.replaceAll("0", "") }, sign + digits);
}

function padded({ flags, width = 0 }: Spec, value: string): string {
  const missing = width - [...value].length;
  if (missing <= 0) return value;
  if (flags.includes("-")) return value + " ".repeat(missing);
  return (flags.includes("0") ? "0" : " ").repeat(missing) + value;
}

function bad(verb: string, value: Value): string {
  if (value === undefined || value === null) return `%!${verb}(<nil>)`;
  return `%!${verb}(${typeName(value)}=${print(value)})`;
}
