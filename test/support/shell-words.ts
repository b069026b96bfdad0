/** The words of a command line as a POSIX shell reads them: quotes and backslashes, and no expansion. */
export function shellWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const char = line[at] as string;
    if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === "'" || char === '"') {
      const { text, end } = quoted(line, at);
      word = (word ?? "") + text;
      at = end;
    } else if (char === "\\") {
      word = (word ?? "") + (line[++at] ?? "");
    } else word = (word ?? "") + char;
  }
  if (word !== undefined) words.push(word);
  return words;
}

function quoted(line: string, start: number): { text: string; end: number } {
  const quote = line[start];
  let text = "";
  for (let at = start + 1; at < line.length; at++) {
    const char = line[at] as string;
    if (char === quote) return { text, end: at };
    const next = line[at + 1] ?? "";
    if (quote === '"' && char === "\\" && '"\\$`'.includes(next) && next !== "") {
      text += next;
      at++;
    } else text += char;
  }
  throw new Error(`no closing ${quote} in: ${line}`);
}
