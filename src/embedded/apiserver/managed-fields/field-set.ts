import { isRecord } from "../any-object.ts";
import { canonicalElement, compareElements, type PathElement } from "./path-element.ts";

/** Deeper fieldsV1 are not read: nobody's objects are that deep, and reading recurs. */
const DEPTH_MAX = 200;

/**
 * A set of paths as a tree; never changed once it is shared. A path may be in the set without those below it, and the
 * other way round.
 */
export class FieldSet {
  /** True when the path that leads here is in the set. */
  readonly member: boolean;
  readonly children: ReadonlyMap<PathElement, FieldSet>;

  constructor(member = false, children: ReadonlyMap<PathElement, FieldSet> = new Map()) {
    this.member = member;
    this.children = children;
  }

  get isEmpty(): boolean {
    return !this.member && this.children.size === 0;
  }

  has(path: readonly PathElement[]): boolean {
    return this.at(path)?.member ?? false;
  }

  at(path: readonly PathElement[]): FieldSet | undefined {
    let found: FieldSet | undefined = this;
    for (const element of path) found = found?.children.get(element);
    return found;
  }

  union(other: FieldSet): FieldSet {
    if (other.isEmpty) return this;
    if (this.isEmpty) return other;
    if (other.children.size === 0) return this.member ? this : new FieldSet(true, this.children);
    const children = new Map(this.children);
    for (const [element, child] of other.children)
      children.set(element, children.get(element)?.union(child) ?? child);
    return new FieldSet(this.member || other.member, children);
  }

  intersection(other: FieldSet): FieldSet {
    return this.#filtered(this.member && other.member, (element, child) => {
      const its = other.children.get(element);
      return its ? child.intersection(its) : EMPTY_SET;
    });
  }

  /** Without exactly the paths of `other`; those below them stay. */
  difference(other: FieldSet): FieldSet {
    if (other.isEmpty || this.isEmpty) return this;
    return this.#filtered(this.member && !other.member, (element, child) => {
      const its = other.children.get(element);
      return its ? child.difference(its) : child;
    });
  }

  /** Without the paths of `other` and all that is below them. */
  without(other: FieldSet): FieldSet {
    if (other.member) return EMPTY_SET;
    return this.#filtered(this.member, (element, child) => {
      const its = other.children.get(element);
      return its ? child.without(its) : child;
    });
  }

  equals(other: FieldSet): boolean {
    if (this.member !== other.member || this.children.size !== other.children.size) return false;
    for (const [element, child] of this.children) {
      const its = other.children.get(element);
      if (!its || !child.equals(its)) return false;
    }
    return true;
  }

  /** All paths; those of one level before those below it. */
  paths(prefix: readonly PathElement[] = []): PathElement[][] {
    const sorted = [...this.children].sort(([left], [right]) => compareElements(left, right));
    const here = sorted.filter(([, child]) => child.member).map(([element]) => [...prefix, element]);
    return [...here, ...sorted.flatMap(([element, child]) => child.paths([...prefix, element]))];
  }

  /** What metadata.managedFields[].fieldsV1 holds. */
  toFieldsV1(): Record<string, unknown> {
    const fields: Record<string, unknown> = {};
    if (this.member && this.children.size > 0) fields["."] = {};
    if (this.children.size === 0) return fields;
    for (const element of [...this.children.keys()].sort(compareElements))
      fields[element] = this.children.get(element)?.toFieldsV1();
    return fields;
  }

  #filtered(member: boolean, keep: (element: PathElement, child: FieldSet) => FieldSet): FieldSet {
    const children = new Map<PathElement, FieldSet>();
    for (const [element, child] of this.children) {
      const kept = keep(element, child);
      if (!kept.isEmpty) children.set(element, kept);
    }
    return member || children.size > 0 ? new FieldSet(member, children) : EMPTY_SET;
  }
}

export const EMPTY_SET = new FieldSet();
/** Where a path ends. */
export const LEAF = new FieldSet(true);

/** The set of the given paths. */
export function fieldSetOf(...paths: readonly (readonly PathElement[])[]): FieldSet {
  const builder = new FieldSetBuilder();
  for (const path of paths) builder.insert(path);
  return builder.build();
}

/** undefined when `fields` is not what a server writes. */
export function fieldSetFromV1(fields: unknown, depth = 0): FieldSet | undefined {
  if (!isRecord(fields) || depth > DEPTH_MAX) return undefined;
  const children = new Map<PathElement, FieldSet>();
  let member = depth > 0 && Object.keys(fields).length === 0;
  for (const [text, inner] of Object.entries(fields)) {
    if (text === ".") {
      member = true;
      continue;
    }
    const element = canonicalElement(text);
    const child = fieldSetFromV1(inner, depth + 1);
    if (element === undefined || !child) return undefined;
    children.set(element, child);
  }
  return new FieldSet(member, children);
}

/** Grows a set path by path. */
export class FieldSetBuilder {
  readonly #root: Growing = { member: false, children: new Map() };

  insert(path: readonly PathElement[]): void {
    let node = this.#root;
    for (const element of path) {
      let next = node.children.get(element);
      if (!next) {
        next = { member: false, children: new Map() };
        node.children.set(element, next);
      }
      node = next;
    }
    node.member = true;
  }

  build(): FieldSet {
    return grown(this.#root);
  }
}

interface Growing {
  member: boolean;
  readonly children: Map<PathElement, Growing>;
}

function grown(node: Growing): FieldSet {
  const children = new Map<PathElement, FieldSet>();
  for (const [element, child] of node.children) children.set(element, grown(child));
  return new FieldSet(node.member, children);
}
