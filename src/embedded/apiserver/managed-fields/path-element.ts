import { isRecord } from "../any-object.ts";

/**
 * One step of a path to a field, in the text that fieldsV1 gives it: `f:name` a field, `k:{"name":"a"}` a list element
 * by its keys, `v:"a"` an element of a set, `i:0` an element by its place (spec E-204).
 */
export type PathElement = string;

export function fieldElement(name: string): PathElement {
  return `f:${name}`;
}

/** `keys` in any order: the text has them sorted. */
export function keyElement(keys: Readonly<Record<string, unknown>>): PathElement {
  const names = Object.keys(keys).sort();
  return `k:{${names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(keys[name])}`).join(",")}}`;
}

export function valueElement(value: unknown): PathElement {
  return `v:${JSON.stringify(value)}`;
}

/** The one form of an element that a client wrote, undefined when it is none. */
export function canonicalElement(text: string): PathElement | undefined {
  const rest = text.slice(2);
  try {
    switch (text.slice(0, 2)) {
      case "f:":
        return text;
      case "v:":
        return valueElement(JSON.parse(rest));
      case "k:": {
        const keys: unknown = JSON.parse(rest);
        return isRecord(keys) ? keyElement(keys) : undefined;
      }
      case "i:":
        return /^\d+$/.test(rest) ? text : undefined;
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}

const RANKS = "fkvi";

/** Fields, then keys, then values, then places; each by its text. */
export function compareElements(left: PathElement, right: PathElement): number {
  if (left.charCodeAt(0) !== right.charCodeAt(0))
    return RANKS.indexOf(left.charAt(0)) - RANKS.indexOf(right.charAt(0));
  return left < right ? -1 : left === right ? 0 : 1;
}

/** A path as messages show it: `.spec.containers[name="c"].args`. */
export function pathText(path: readonly PathElement[]): string {
  return path.map(elementText).join("");
}

function elementText(element: PathElement): string {
  const rest = element.slice(2);
  switch (element.charAt(0)) {
    case "f":
      return `.${rest}`;
    case "k": {
      const keys = JSON.parse(rest) as Record<string, unknown>;
      return `[${Object.entries(keys)
        .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
        .join(",")}]`;
    }
    case "v":
      return `[=${rest}]`;
    default:
      return `[${rest}]`;
  }
}
