import { parse } from "@babel/parser";
import { type AstNode, isNode, visit } from "./ast.ts";
import { type GlobalUse, globalUses } from "./global-uses.ts";
import { type ImportEdge, importEdges } from "./imports.ts";
import type { Violation } from "./violation.ts";

/** What the rules need to know of one TypeScript file. */
export interface SourceFile {
  readonly path: string;
  readonly isTest: boolean;
  readonly lines: readonly string[];
  readonly imports: readonly ImportEdge[];
  readonly functions: readonly FunctionShape[];
  readonly globals: readonly GlobalUse[];
  readonly exports: readonly ExportShape[];
  /** True when every statement is a re-export: a barrel. */
  readonly onlyReExports: boolean;
}

export interface FunctionShape {
  readonly name: string;
  readonly line: number;
  readonly lineCount: number;
  readonly parameterCount: number;
  /** The callback of `describe` or `suite`: a chapter of tests, not a function that anyone reads as one. */
  readonly isTestChapter: boolean;
}

export interface ExportShape {
  readonly line: number;
  readonly kind: "default" | "all";
}

export function parseSource(path: string, text: string): SourceFile | Violation {
  let program: AstNode;
  try {
    program = parse(text, { sourceType: "module", plugins: ["typescript"] }).program as unknown as AstNode;
  } catch (error) {
    const { message, loc } = error as Error & { loc?: { line: number } };
    const problem = `cannot be parsed (${message})`;
    return {
      file: path,
      line: loc?.line ?? 1,
      rule: "syntax",
      problem,
      remedy: "write TypeScript that tsc accepts",
    };
  }
  const body = (program.body as AstNode[]) ?? [];
  return {
    path,
    isTest: path.endsWith(".test.ts"),
    lines: text.split("\n"),
    imports: importEdges(program, path),
    functions: functionShapes(program),
    globals: globalUses(program),
    exports: exportShapes(body),
    onlyReExports: body.length > 0 && body.every(isReExport),
  };
}

const FUNCTION_TYPES = new Set([
  "FunctionDeclaration",
  "FunctionExpression",
  "ArrowFunctionExpression",
  "ObjectMethod",
  "ClassMethod",
  "ClassPrivateMethod",
]);

function functionShapes(program: AstNode): FunctionShape[] {
  const shapes: FunctionShape[] = [];
  visit(program, (node, parent) => {
    if (!FUNCTION_TYPES.has(node.type)) return;
    const parameters = node.params as AstNode[];
    shapes.push({
      name: functionName(node, parent),
      line: node.loc.start.line,
      lineCount: node.loc.end.line - node.loc.start.line + 1,
      parameterCount: parameters.filter((parameter) => !isThisParameter(parameter)).length,
      isTestChapter: parent?.type === "CallExpression" && /^(describe|suite)$/.test(nameOf(parent.callee)),
    });
  });
  return shapes;
}

function isThisParameter(parameter: AstNode): boolean {
  return parameter.type === "Identifier" && parameter.name === "this";
}

function functionName(node: AstNode, parent: AstNode | undefined): string {
  const own = nameOf(node.id) || nameOf(node.key);
  return own || nameOf(parent?.id) || nameOf(parent?.key) || "(anonymous)";
}

function nameOf(node: unknown): string {
  if (!isNode(node)) return "";
  if (node.type === "PrivateName") return `#${nameOf(node.id)}`;
  return typeof node.name === "string" ? node.name : "";
}

function exportShapes(body: readonly AstNode[]): ExportShape[] {
  return body.flatMap((node): ExportShape[] => {
    const line = node.loc.start.line;
    if (node.type === "ExportDefaultDeclaration") return [{ line, kind: "default" }];
    if (node.type === "ExportAllDeclaration") return [{ line, kind: "all" }];
    return [];
  });
}

function isReExport(node: AstNode): boolean {
  return (
    node.type === "ExportAllDeclaration" || (node.type === "ExportNamedDeclaration" && isNode(node.source))
  );
}
