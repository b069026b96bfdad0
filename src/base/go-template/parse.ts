import { Lexer, type Token, type TokenType } from "./lex.ts";
import type { Body, Command, Node, Operand, Pipe } from "./nodes.ts";
import { TermParser } from "./parse-term.ts";
import { syntaxError } from "./template-error.ts";

export interface ParsedTemplate {
  readonly body: Body;
  /** By `define` and `block`. */
  readonly named: ReadonlyMap<string, Body>;
}

const KEYWORDS = ["if", "with", "range", "end", "else", "break", "continue", "define", "block", "template"];

/** Parses the whole language of text/template but method values of functions. Throws TemplateError. */
export function parseTemplate(
  source: { readonly name: string; readonly text: string },
  isFunction: (name: string) => boolean,
): ParsedTemplate {
  return new Parser(source, isFunction).parse();
}

class Parser {
  readonly #name: string;
  readonly #tokens: readonly Token[];
  readonly #isFunction: (name: string) => boolean;
  readonly #named = new Map<string, Body>();
  #at = 0;
  #variables: string[] = ["$"];
  #ranges = 0;

  constructor(
    source: { readonly name: string; readonly text: string },
    isFunction: (name: string) => boolean,
  ) {
    this.#name = source.name;
    this.#tokens = new Lexer(source.text).tokens();
    this.#isFunction = isFunction;
  }

  parse(): ParsedTemplate {
    const { body, end } = this.#body();
    if (end !== undefined) throw this.#error(`unexpected {{${end}}}`);
    return { body, named: this.#named };
  }

  /** Up to the end of the text, or behind the word `end` or `else` that ends it. */
  #body(): { body: Body; end: "end" | "else" | undefined } {
    const body: Node[] = [];
    for (;;) {
      const token = this.#next();
      if (token.type === "end") return { body, end: undefined };
      if (token.type === "text") {
        body.push({ type: "text", text: token.text });
        continue;
      }
      const word = this.#keyword();
      if (word === "end" || word === "else") {
        if (word === "end") this.#close("end");
        return { body, end: word };
      }
      const node = word === undefined ? this.#action() : this.#control(word);
      if (node) body.push(node);
    }
  }

  #control(word: string): Node | undefined {
    if (word === "if" || word === "with" || word === "range") return this.#branch(word);
    if (word === "define") return this.#define();
    if (word === "template" || word === "block") return this.#template(word);
    if (this.#ranges === 0) throw this.#error(`{{${word}}} outside {{range}}`);
    this.#close(word);
    return { type: word as "break" | "continue" };
  }

  #action(): Node {
    return { type: "action", pipe: this.#pipe("command", "close") };
  }

  #branch(type: "if" | "with" | "range"): Node {
    const depth = this.#variables.length;
    const pipe = this.#pipe(type, "close");
    if (type === "range") this.#ranges += 1;
    const { body, end } = this.#body();
    if (type === "range") this.#ranges -= 1;
    if (end === undefined) throw this.#error("unexpected EOF");
    const otherwise = end === "else" ? this.#else(type) : [];
    this.#variables.length = depth;
    return { type, pipe, body, otherwise };
  }

  #else(type: "if" | "with" | "range"): Body {
    this.#skipSpace();
    const { type: kind, text } = this.#peek();
    if (kind === "word" && text === type && type !== "range") {
      this.#next();
      // `{{else if}}` is an `if` of its own whose end is shared.
      return [this.#branch(type)];
    }
    this.#close("else");
    const { body, end } = this.#body();
    if (end === undefined) throw this.#error("unexpected EOF");
    if (end === "else") throw this.#error("expected end; found {{else}}");
    return body;
  }

  #define(): undefined {
    const name = this.#quotedName("define clause");
    this.#close("define clause");
    this.#named.set(name, this.#ownBody());
  }

  /** A body that does not see the variables around it. */
  #ownBody(): Body {
    const { body, end } = this.#inOwnScope(() => this.#body());
    if (end !== "end")
      throw this.#error(end === undefined ? "unexpected EOF" : "unexpected {{else}} in define clause");
    return body;
  }

  #inOwnScope<T>(run: () => T): T {
    const variables = this.#variables;
    const ranges = this.#ranges;
    this.#variables = ["$"];
    this.#ranges = 0;
    const result = run();
    this.#variables = variables;
    this.#ranges = ranges;
    return result;
  }

  #template(word: "template" | "block"): Node {
    const at = this.#peekBehindSpace();
    const name = this.#quotedName(`${word} clause`);
    this.#skipSpace();
    let pipe: Pipe | undefined;
    if (word === "template" && this.#peek().type === "close") this.#next();
    else pipe = this.#pipe(`${word} clause`, "close");
    if (word === "block") this.#named.set(name, this.#ownBody());
    return { type: "template", name, pipe, at };
  }

  #quotedName(context: string): string {
    this.#skipSpace();
    const token = this.#next();
    if (token.type !== "string") throw this.#unexpected(token, context);
    return this.#terms().quoted(token);
  }

  #pipe(context: string, end: TokenType): Pipe {
    this.#skipSpace();
    const first = this.#peek();
    const from = this.#at;
    const { variables, isAssignment } = this.#declaration(context);
    const commands: Command[] = [];
    for (;;) {
      this.#skipSpace();
      const token = this.#peek();
      if (token.type === end) break;
      if (token.type === "close" || token.type === "right-paren" || token.type === "end") {
        throw this.#unexpected(token, context);
      }
      commands.push(this.#command(context, end));
      if (this.#tokens[this.#at - 1]?.type === "pipe" && this.#peekBehindSpace().type === end) {
        throw this.#error("missing value for command");
      }
    }
    const source = this.#textBetween(from, this.#at);
    this.#next();
    this.#checkPipe(commands, context);
    // An assignment to a variable that nobody declared is found when it is executed, as in Go.
    this.#variables.push(...variables);
    return { variables, isAssignment, commands, at: first, source };
  }

  #checkPipe(commands: readonly Command[], context: string): void {
    if (commands.length === 0) throw this.#error(`missing value for ${context}`);
    commands.slice(1).forEach(({ operands: [first] }, index) => {
      if (first.type !== "constant" && first.type !== "dot" && first.type !== "nil") return;
      throw this.#error(`non executable command in pipeline stage ${index + 2}`);
    });
  }

  #declaration(context: string): { variables: string[]; isAssignment: boolean } {
    const start = this.#at;
    const variables: string[] = [];
    for (;;) {
      this.#skipSpace();
      const name = this.#next();
      if (name.type !== "variable") break;
      this.#skipSpace();
      const sign = this.#next();
      variables.push(name.text);
      if (sign.type === "declare" || sign.type === "assign") {
        if (variables.length > 1 && context !== "range")
          throw this.#error(`too many declarations in ${context}`);
        return { variables, isAssignment: sign.type === "assign" };
      }
      if (sign.type !== "comma") break;
      if (context !== "range" || variables.length > 1)
        throw this.#error(`too many declarations in ${context}`);
    }
    this.#at = start;
    return { variables: [], isAssignment: false };
  }

  #checkVariable(name: string): void {
    if (!this.#variables.includes(name)) throw this.#error(`undefined variable ${JSON.stringify(name)}`);
  }

  #command(context: string, end: TokenType): Command {
    const from = this.#at;
    const at = this.#peek();
    const operands: Operand[] = [];
    for (;;) {
      this.#skipSpace();
      const token = this.#peek();
      if (token.type === end) break;
      if (token.type === "pipe") break;
      operands.push(this.#operand(context));
      const { type } = this.#peek();
      if (type !== "space" && type !== "pipe" && type !== end)
        throw this.#unexpected(this.#peek(), "operand");
    }
    const source = this.#textBetween(from, this.#at);
    if (this.#peek().type === "pipe") this.#next();
    const [first, ...others] = operands;
    if (first === undefined) throw this.#error("empty command");
    return { operands: [first, ...others], at, source };
  }

  #operand(context: string): Operand {
    const from = this.#at;
    const token = this.#next();
    if (token.type === "left-paren") {
      const pipe = this.#pipe("parenthesized pipeline", "right-paren");
      const names = this.#fields();
      return { type: "chain", pipe, names, at: token, source: this.#textBetween(from, this.#at) };
    }
    const second = this.#tokens[this.#at];
    const term = this.#terms().term(token, () => this.#fields());
    if (term === undefined) throw this.#unexpected(token, context);
    if (term.type === "variable") this.#checkVariable(term.name);
    // Go places a chain of fields where its second one is.
    const at = second?.type === "field" ? second : token;
    return { ...term, at, source: this.#textBetween(from, this.#at) };
  }

  /** The fields that follow without a space. */
  #fields(): string[] {
    const names: string[] = [];
    while (this.#peek().type === "field") names.push(this.#next().text.slice(1));
    return names;
  }

  #terms(): TermParser {
    return new TermParser(this.#isFunction, (what) => this.#error(what));
  }

  #keyword(): string | undefined {
    this.#skipSpace();
    const { type, text } = this.#peek();
    if (type !== "word" || !KEYWORDS.includes(text)) return undefined;
    this.#next();
    return text;
  }

  #close(context: string): void {
    this.#skipSpace();
    const token = this.#next();
    if (token.type !== "close") throw this.#unexpected(token, context);
  }

  #peek(): Token {
    const token = this.#tokens[this.#at] as Token;
    if (token.type === "error") throw syntaxError({ name: this.#name, line: token.line }, token.text);
    return token;
  }

  #peekBehindSpace(): Token {
    const skip = this.#peek().type === "space" ? 1 : 0;
    return this.#tokens[this.#at + skip] as Token;
  }

  #next(): Token {
    const token = this.#peek();
    if (token.type !== "end") this.#at += 1;
    return token;
  }

  #skipSpace(): void {
    if (this.#peek().type === "space") this.#next();
  }

  #textBetween(from: number, to: number): string {
    const tokens = this.#tokens.slice(from, to);
    return tokens
      .map(({ type, text }) => (type === "space" ? " " : text))
      .join("")
      .trim();
  }

  #unexpected(token: Token, context: string) {
    if (token.type === "end") return this.#error("unexpected EOF");
    const shown =
      token.type === "word" && !KEYWORDS.includes(token.text)
        ? JSON.stringify(token.text)
        : `<${token.text}>`;
    return this.#error(
      `unexpected ${token.type === "word" ? shown : JSON.stringify(token.text)} in ${context}`,
    );
  }

  #error(what: string) {
    const { line } = this.#tokens[Math.max(0, this.#at - 1)] as Token;
    return syntaxError({ name: this.#name, line }, what);
  }
}
