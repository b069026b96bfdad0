import { posix } from "node:path";
import { type AstNode, isNode, visit } from "./ast.ts";

/** One file's dependence on another file, a built-in or a package. */
export interface ImportEdge {
  readonly line: number;
  readonly kind: "value" | "type" | "url";
  /** As the source says it. */
  readonly specifier: string;
  /** A path in the repository, `node:…` or `npm:…`. */
  readonly target: string;
  /** Imported names; empty for side effects, `*` and dynamic imports. */
  readonly names: readonly string[];
}

/**
 * Static and dynamic imports, re-exports, type imports, and `new URL("./x.ts", import.meta.url)`, which is how
 * workers and programs are named. An import whose specifier is computed cannot be seen.
 */
export function importEdges(program: AstNode, path: string): ImportEdge[] {
  const edges: ImportEdge[] = [];
  const add = (node: AstNode, source: unknown, rest: Pick<ImportEdge, "kind" | "names">) => {
    if (!isNode(source) || typeof source.value !== "string") return;
    const specifier = source.value;
    edges.push({ line: node.loc.start.line, specifier, target: targetOf(path, specifier), ...rest });
  };
  visit(program, (node) => {
    switch (node.type) {
      case "ImportDeclaration":
        return add(node, node.source, { kind: kindOf(node, node.importKind), names: importedNames(node) });
      case "ExportNamedDeclaration":
      case "ExportAllDeclaration":
        return add(node, node.source, { kind: kindOf(node, node.exportKind), names: [] });
      case "ImportExpression":
        return add(node, node.source, { kind: "value", names: [] });
      case "CallExpression":
        if (isNode(node.callee) && node.callee.type === "Import") {
          add(node, (node.arguments as AstNode[])[0], { kind: "value", names: [] });
        }
        return;
      case "TSImportType":
        return add(node, node.argument, { kind: "type", names: [] });
      case "NewExpression":
        if (isModuleUrl(node)) add(node, (node.arguments as AstNode[])[0], { kind: "url", names: [] });
    }
  });
  return edges;
}

/** `import { type A, type B }` is as free of run-time effect as `import type { A, B }`. */
function kindOf(node: AstNode, declared: unknown): "value" | "type" {
  if (declared === "type") return "type";
  const specifiers = (node.specifiers as AstNode[] | undefined) ?? [];
  return specifiers.length > 0 && specifiers.every((one) => (one.importKind ?? one.exportKind) === "type")
    ? "type"
    : "value";
}

function importedNames(node: AstNode): string[] {
  return ((node.specifiers as AstNode[]) ?? []).flatMap((one) =>
    isNode(one.imported) && typeof one.imported.name === "string" ? [one.imported.name] : [],
  );
}

function isModuleUrl(node: AstNode): boolean {
  const [path, base] = node.arguments as AstNode[];
  const isUrl = isNode(node.callee) && node.callee.name === "URL";
  const relative = path?.type === "StringLiteral" && String(path.value).endsWith(".ts");
  return isUrl && relative && base?.type === "MemberExpression";
}

function targetOf(path: string, specifier: string): string {
  if (specifier.startsWith("node:")) return specifier;
  if (specifier.startsWith(".")) return posix.normalize(posix.join(posix.dirname(path), specifier));
  const parts = specifier.split("/");
  return `npm:${parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/")}`;
}
