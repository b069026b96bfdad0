import type { Value } from "./values.ts";

/** A parsed template. */

export type Node =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "action"; readonly pipe: Pipe }
  | {
      readonly type: "if" | "with" | "range";
      readonly pipe: Pipe;
      readonly body: Body;
      readonly otherwise: Body;
    }
  | { readonly type: "break" | "continue" }
  | { readonly type: "template"; readonly name: string; readonly pipe: Pipe | undefined; readonly at: Place };

export type Body = readonly Node[];

export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Pipe {
  readonly variables: readonly string[];
  /** `=` instead of `:=`. */
  readonly isAssignment: boolean;
  readonly commands: readonly Command[];
  readonly at: Place;
  /** As written, for error texts. */
  readonly source: string;
}

export interface Command {
  readonly operands: readonly [Operand, ...Operand[]];
  readonly at: Place;
  readonly source: string;
}

export type Operand = { readonly at: Place; readonly source: string } & (
  | { readonly type: "dot" | "nil" }
  | { readonly type: "constant"; readonly value: Value }
  | { readonly type: "field"; readonly names: readonly string[] }
  | { readonly type: "variable"; readonly name: string; readonly names: readonly string[] }
  | { readonly type: "function"; readonly name: string }
  | { readonly type: "chain"; readonly pipe: Pipe; readonly names: readonly string[] }
);
