/** Go's text templates cut into text and the words of their actions. */

export type TokenType =
  | "text"
  | "open"
  | "close"
  | "field"
  | "variable"
  | "dot"
  | "word"
  | "string"
  | "char"
  | "number"
  | "pipe"
  | "declare"
  | "assign"
  | "comma"
  | "left-paren"
  | "right-paren"
  | "space"
  | "sign"
  /** The text is what is wrong; nothing follows. */
  | "error"
  | "end";

export interface Token {
  readonly type: TokenType;
  /** As written. */
  readonly text: string;
  readonly line: number;
  /** Bytes since the start of the line, as Go's error texts count. */
  readonly column: number;
}

const RULES: readonly (readonly [TokenType, RegExp])[] = [
  ["space", /\s+/y],
  ["string", /"(?:[^"\\\n]|\\[^\n])*"|`[^`]*`/y],
  ["char", /'(?:[^'\\\n]|\\[^\n])+'/y],
  ["field", /\.[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ["number", /[+-]?(?:\d|\.\d)[\p{L}\p{Nd}_.]*(?:(?<=[eEpP])[+-]\d+)?/uy],
  ["dot", /\./y],
  ["variable", /\$[\p{L}\p{Nd}_]*/uy],
  ["word", /[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ["declare", /:=/y],
  ["assign", /=/y],
  ["pipe", /\|/y],
  ["comma", /,/y],
  ["left-paren", /\(/y],
  ["right-paren", /\)/y],
];

/** After a name or a field, as Go: a space, one of these, or the end of the action. */
const TERMINATED = /\s|[.,|:)(]|$|-?\}\}/y;

export class Lexer {
  readonly #text: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #line = 1;
  #lineStart = 0;
  #parens = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Ends with an "end" or an "error". */
  tokens(): readonly Token[] {
    try {
      this.#cut();
    } catch (thrown) {
      if (!(thrown instanceof BadWord)) throw thrown;
      this.#emit("error", thrown.message);
    }
    return this.#tokens;
  }

  #cut(): void {
    let trimNext = false;
    for (;;) {
      const start = this.#text.indexOf("{{", this.#at);
      const isLast = start < 0;
      const until = isLast ? this.#text.length : start;
      const trimBefore = !isLast && /^-\s/.test(this.#text.slice(start + 2, start + 4));
      this.#plain(until, trimNext, trimBefore);
      if (isLast) break;
      this.#advance(2);
      this.#emit("open", "{{");
      if (trimBefore) this.#advance(2);
      trimNext = this.#comment() ?? this.#action();
    }
    this.#emit("end", "");
  }

  #plain(until: number, trimStart: boolean, trimEnd: boolean): void {
    let text = this.#text.slice(this.#at, until);
    if (trimStart) text = text.replace(/^[ \t\r\n]+/, "");
    if (trimEnd) text = text.replace(/[ \t\r\n]+$/, "");
    if (text !== "") this.#emit("text", text);
    this.#advance(until - this.#at);
  }

  /** Whether the text behind it is trimmed; undefined when there is none. */
  #comment(): boolean | undefined {
    if (!this.#text.startsWith("/*", this.#at)) return undefined;
    const end = this.#text.indexOf("*/", this.#at + 2);
    if (end < 0) throw new BadWord("unclosed comment");
    const close = /\s-\}\}|\}\}/y;
    close.lastIndex = end + 2;
    const found = close.exec(this.#text);
    if (found === null) throw new BadWord("comment ends before closing delimiter");
    this.#tokens.pop();
    this.#advance(close.lastIndex - this.#at);
    return found[0].length > 2;
  }

  #action(): boolean {
    this.#parens = 0;
    for (;;) {
      const isTrimmed = /^\s-\}\}/.test(this.#text.slice(this.#at, this.#at + 4));
      if (isTrimmed || this.#text.startsWith("}}", this.#at)) {
        if (this.#parens > 0) throw new BadWord("unclosed left paren");
        this.#emit("close", "}}");
        this.#advance(isTrimmed ? 4 : 2);
        return isTrimmed;
      }
      this.#word();
    }
  }

  #word(): void {
    for (const [type, rule] of RULES) {
      rule.lastIndex = this.#at;
      const text = rule.exec(this.#text)?.[0];
      if (text === undefined) continue;
      // `- }}` ends an action; the space in front of it must not be eaten with the rest.
      const taken =
        type === "space" && /^-\}\}/.test(this.#text.slice(this.#at + text.length))
          ? text.slice(0, -1)
          : text;
      if (taken !== "") {
        this.#checkWord(type, taken);
        this.#emit(type, taken);
        this.#advance(taken.length);
      }
      return;
    }
    const sign = this.#text[this.#at] ?? "";
    if (!/^[!-~]$/.test(sign) || /["`':]/.test(sign)) throw this.#badStart();
    this.#emit("sign", sign);
    this.#advance(1);
  }

  #checkWord(type: TokenType, text: string): void {
    if (type === "left-paren") this.#parens += 1;
    if (type === "right-paren") {
      this.#parens -= 1;
      if (this.#parens < 0) throw new BadWord("unexpected right paren");
    }
    if (type !== "word" && type !== "field" && type !== "variable") return;
    const behind = this.#at + text.length;
    TERMINATED.lastIndex = behind;
    if (TERMINATED.test(this.#text)) return;
    throw new BadWord(`bad character ${shown(this.#text, behind)}`);
  }

  #badStart() {
    const sign = this.#text[this.#at];
    if (sign === undefined || sign === "\n") return new BadWord("unclosed action");
    if (sign === '"') return new BadWord("unterminated quoted string");
    if (sign === "`") return new BadWord("unterminated raw quoted string");
    if (sign === "'") return new BadWord("unterminated character constant");
    if (sign === ":") return new BadWord("expected :=");
    return new BadWord(`unrecognized character in action: ${shown(this.#text, this.#at)}`);
  }

  #emit(type: TokenType, text: string): void {
    const column = Buffer.byteLength(this.#text.slice(this.#lineStart, this.#at));
    this.#tokens.push({ type, text, line: this.#line, column });
  }

  #advance(length: number): void {
    const end = this.#at + length;
    for (let next = this.#text.indexOf("\n", this.#at); next >= 0 && next < end; ) {
      this.#line += 1;
      this.#lineStart = next + 1;
      next = this.#text.indexOf("\n", this.#lineStart);
    }
    this.#at = end;
  }
}

class BadWord extends Error {}

/** U+0023 '#', as Go's %#U. */
function shown(text: string, at: number): string {
  const code = text.codePointAt(at);
  if (code === undefined) return "U+FFFFFFFFFFFFFFFF";
  const hex = code.toString(16).toUpperCase().padStart(4, "0");
  return `U+${hex} '${String.fromCodePoint(code)}'`;
}
