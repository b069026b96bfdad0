/** The names that one JSON object gives twice, as `duplicate field "metadata.labels.x"` (spec E-208). */
export function duplicateFields(text: string): string[] {
  const found: string[] = [];
  const stack: Level[] = [];
  let level: Level | undefined;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) {
      const end = endOfText(text, index);
      if (level?.expectsName) noteName(level, nameIn(text.slice(index, end)), found);
      index = end - 1;
    } else if (code === COMMA && level) {
      level.expectsName = level.isObject;
      level.item++;
    } else if (code === BRACE || code === BRACKET) {
      const isObject = code === BRACE;
      level = { names: [], path: pathOf(level), isObject, name: "", expectsName: isObject, item: 0 };
      stack.push(level);
    } else if (code === BRACE_END || code === BRACKET_END) {
      stack.pop();
      level = stack.at(-1);
    }
  }
  return found;
}

const [QUOTE, COMMA, BACKSLASH] = [0x22, 0x2c, 0x5c];
const [BRACE, BRACE_END, BRACKET, BRACKET_END] = [0x7b, 0x7d, 0x5b, 0x5d];

interface Level {
  /** Few objects have so many fields that a set would find one sooner. */
  names: string[] | Set<string>;
  readonly path: string;
  readonly isObject: boolean;
  name: string;
  expectsName: boolean;
  item: number;
}

/** From here on names are looked for in a set. */
const FEW = 16;

function noteName(level: Level, name: string, found: string[]): void {
  level.name = name;
  level.expectsName = false;
  const { names } = level;
  const isKnown = Array.isArray(names) ? names.includes(name) : names.has(name);
  if (isKnown) found.push(`duplicate field "${level.path === "" ? name : `${level.path}.${name}`}"`);
  else if (!Array.isArray(names)) names.add(name);
  else if (names.push(name) > FEW) level.names = new Set(names);
}

function nameIn(quoted: string): string {
  return quoted.includes("\\") ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
}

function pathOf(level: Level | undefined): string {
  if (!level) return "";
  if (!level.isObject) return `${level.path}[${level.item}]`;
  return level.path === "" ? level.name : `${level.path}.${level.name}`;
}

/** Behind the quote that ends the text whose first quote is at `start`; the end of all where there is none. */
export function endOfText(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end + 1;
}

function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text.charCodeAt(first - 1) === BACKSLASH) first--;
  return (at - first) % 2 === 1;
}
