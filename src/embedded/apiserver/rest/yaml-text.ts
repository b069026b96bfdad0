/** An answer in YAML, as Go's emitter breaks its lines: at the first blank behind the width, not before it. */
const WIDTH = 80;

export async function yamlOf(json: string): Promise<string> {
  const { stringify } = await import("yaml");
  return foldLines(
    stringify(JSON.parse(json), { sortMapEntries: true, singleQuote: true, lineWidth: 0, indentSeq: false }),
  );
}

/** Breaks long plain and quoted texts; block texts stay as they are. */
export function foldLines(yaml: string): string {
  const folded: string[] = [];
  let blockIndent: number | undefined;
  for (const line of yaml.split("\n")) {
    const indent = line.length - line.trimStart().length;
    if (blockIndent !== undefined && (line.trim() === "" || indent > blockIndent)) {
      folded.push(line);
      continue;
    }
    blockIndent = /(^|[:-] )[|>][-+\d]*$/.test(line) ? indent : undefined;
    folded.push(line.length > WIDTH && blockIndent === undefined ? foldLine(line, indent) : line);
  }
  return folded.join("\n");
}

function foldLine(line: string, indent: number): string {
  const text = /^\s*(?:- )*(?:[^\s'"]+: )?/.exec(line)?.[0] ?? "";
  // A double-quoted text breaks by other rules; it is rare, and long lines are as good.
  if (line[text.length] === '"') return line;
  const nested = " ".repeat(indent + 2);
  let out = text;
  let column = text.length;
  for (let index = text.length; index < line.length; index++) {
    const isLoneBlank = line[index] === " " && line[index - 1] !== " " && line[index + 1] !== " ";
    if (isLoneBlank && column > WIDTH) {
      out += `\n${nested}`;
      column = nested.length;
    } else {
      out += line[index];
      column++;
    }
  }
  return out;
}
