import { type AstNode, isNode, visit } from "./ast.ts";

/** A use of a name that no statement of the file declares: `setTimeout`, `Date.now`, `new Date()`. */
export interface GlobalUse {
  readonly line: number;
  readonly name: string;
}

/**
 * Names are resolved per file, not per scope: a file that declares a binding of the same name anywhere is taken to
 * mean that one. That misses shadowing games, which reviewers see, and raises no false alarm.
 */
export function globalUses(program: AstNode): GlobalUse[] {
  const declared = declaredNames(program);
  const uses: GlobalUse[] = [];
  visit(program, (node, parent, field) => {
    const line = node.loc?.start.line ?? 0;
    if (node.type === "Identifier" && isReference(parent, field)) {
      const name = String(node.name);
      if (declared.has(name)) return;
      if (parent && isMemberAccess(parent) && field === "object") return;
      if (isDateWithoutArgument(name, parent)) uses.push({ line, name: "new Date()" });
      else if (!(name === "Date" && parent?.type === "NewExpression")) uses.push({ line, name });
    } else if (isMemberAccess(node)) {
      const name = memberName(node, declared);
      if (name) uses.push({ line, name });
    }
  });
  return uses;
}

function isMemberAccess(node: AstNode): boolean {
  return node.type === "MemberExpression" || node.type === "OptionalMemberExpression";
}

/** `Date.now`, `globalThis.setTimeout` as `setTimeout`, `process["env"]` as `process.env`; else undefined. */
function memberName(node: AstNode, declared: ReadonlySet<string>): string | undefined {
  const { object, property } = node as { object?: unknown; property?: unknown };
  if (!isNode(object) || object.type !== "Identifier" || declared.has(String(object.name))) return undefined;
  const key = isNode(property) ? (node.computed ? property.value : property.name) : undefined;
  if (typeof key !== "string") return String(object.name);
  return object.name === "globalThis" ? key : `${object.name}.${key}`;
}

function isDateWithoutArgument(name: string, parent: AstNode | undefined): boolean {
  if (name !== "Date" || parent === undefined) return false;
  if (parent.type === "CallExpression") return true;
  return parent.type === "NewExpression" && (parent.arguments as unknown[]).length === 0;
}

/** Not the name of a property, a parameter's label or a type. */
function isReference(parent: AstNode | undefined, field: string): boolean {
  if (!parent) return false;
  if (isMemberAccess(parent)) return field === "object" || parent.computed === true;
  if (parent.type.startsWith("TS"))
    return /^TS(As|Satisfies|NonNull|Instantiation)Expression$/.test(parent.type);
  if (/^(Object|Class)(Private)?(Property|Method|AccessorProperty)$/.test(parent.type)) {
    return field === "value" || parent.computed === true;
  }
  return !/^(Import|Export)|^LabeledStatement$|^MetaProperty$|^PrivateName$/.test(parent.type);
}

/** Every name that a declaration, a parameter or an import of the file binds. */
function declaredNames(program: AstNode): Set<string> {
  const names = new Set<string>();
  const bind = (node: unknown) => {
    if (isNode(node) && node.type === "Identifier") names.add(String(node.name));
  };
  visit(program, (node, parent, field) => {
    if (node.type === "ObjectPattern") {
      for (const property of node.properties as AstNode[]) bind(property.value);
    } else if (parent && isBinding(parent, field)) {
      bind(node);
    }
  });
  return names;
}

function isBinding(parent: AstNode, field: string): boolean {
  if (/^Import.*Specifier$/.test(parent.type)) return field === "local";
  if (/Function|Class|Method/.test(parent.type)) return field === "id" || field === "params";
  if (parent.type === "VariableDeclarator") return field === "id";
  if (parent.type === "CatchClause") return field === "param";
  if (parent.type === "AssignmentPattern") return field === "left";
  return parent.type === "ArrayPattern" || parent.type === "RestElement";
}
