/** One broken rule. The message says where, which rule, what is wrong, what to do, and where the rule is explained. */
export interface Violation {
  /** Relative to the repository, with forward slashes. */
  readonly file: string;
  readonly line: number;
  readonly rule: Rule;
  readonly problem: string;
  readonly remedy: string;
}

const EXPLAINED_IN = {
  layers: "ARCHITECTURE.md#layers",
  deps: "ARCHITECTURE.md#layers",
  cycle: "ARCHITECTURE.md#layers",
  dead: "CONTRIBUTING.md#rules",
  banned: "ARCHITECTURE.md#invariants",
  size: "CONTRIBUTING.md#rules",
  name: "CONTRIBUTING.md#rules",
  export: "CONTRIBUTING.md#rules",
  todo: "CONTRIBUTING.md#rules",
  map: "ARCHITECTURE.md#code-map",
  link: "CONTRIBUTING.md#rules",
  word: "CONTRIBUTING.md#rules",
  syntax: "CONTRIBUTING.md#rules",
} as const;

export type Rule = keyof typeof EXPLAINED_IN;
export const RULES = Object.keys(EXPLAINED_IN) as Rule[];

export function messageOf({ file, line, rule, problem, remedy }: Violation): string {
  return `${file}:${line}: ${rule}: ${problem}; ${remedy}; see ${EXPLAINED_IN[rule]}`;
}

export function inOrder(a: Violation, b: Violation): number {
  return a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line;
}
