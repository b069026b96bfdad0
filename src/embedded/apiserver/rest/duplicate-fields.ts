/** The names that one JSON object gives twice, as `duplicate field "metadata.labels.x"` (spec E-208). */
export function duplicateFields(text: string): string[] {
  const found: string[] = [];
  const stack: Level[] = [];
  let index = 0;
  while (index < text.length) {
    const char = text[index];
    const level = stack.at(-1);
    if (char === "{" || char === "[") {
      stack.push({
        names: new Set(),
        path: pathOf(level),
        isObject: char === "{",
        name: "",
        expectsName: char === "{",
        item: 0,
      });
    } else if (char === "}" || char === "]") stack.pop();
    else if (char === "," && level) {
      level.expectsName = level.isObject;
      level.item++;
    } else if (char === '"') {
      const end = endOfText(text, index);
      if (level?.expectsName) noteName(level, JSON.parse(text.slice(index, end)) as string, found);
      index = end;
      continue;
    }
    index++;
  }
  return found;
}

interface Level {
  readonly names: Set<string>;
  readonly path: string;
  readonly isObject: boolean;
  name: string;
  expectsName: boolean;
  item: number;
}

function noteName(level: Level, name: string, found: string[]): void {
  level.name = name;
  level.expectsName = false;
  const path = level.path === "" ? name : `${level.path}.${name}`;
  if (level.names.has(name)) found.push(`duplicate field "${path}"`);
  level.names.add(name);
}

function pathOf(level: Level | undefined): string {
  if (!level) return "";
  if (!level.isObject) return `${level.path}[${level.item}]`;
  return level.path === "" ? level.name : `${level.path}.${level.name}`;
}

function endOfText(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === "\\" ? 2 : 1;
  return index + 1;
}
