/** The little of Babel's syntax tree that the rules look at. */
export interface AstNode {
  readonly type: string;
  readonly loc: { readonly start: { readonly line: number }; readonly end: { readonly line: number } };
  readonly [field: string]: unknown;
}

export function isNode(value: unknown): value is AstNode {
  return (
    typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string"
  );
}

/** Calls `see` for each node below `root`, parents first, with the field of the parent that holds it. */
export function visit(
  root: AstNode,
  see: (node: AstNode, parent: AstNode | undefined, field: string) => void,
): void {
  const walk = (node: AstNode, parent: AstNode | undefined, field: string) => {
    see(node, parent, field);
    for (const key in node) {
      if (key === "loc" || key.endsWith("Comments")) continue;
      const value = node[key];
      if (Array.isArray(value)) {
        for (const item of value) if (isNode(item)) walk(item, node, key);
      } else if (isNode(value)) {
        walk(value, node, key);
      }
    }
  };
  walk(root, undefined, "");
}
