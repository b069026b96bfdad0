import type { Kind } from "../../api/kind.ts";

/** A kind as it is served under one group and version. */
export interface Resource {
  readonly kind: Kind;
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  /** The storage's name for the kind: `plural.group`, or the plural alone. */
  readonly collection: string;
}

/** A second version of a kind, served in the shape of the first. */
export interface VersionAlias {
  readonly group: string;
  readonly plural: string;
  readonly version: string;
}

/** All that is served, found by path or by kind. Discovery lists it in this order. */
export class Resources {
  readonly all: readonly Resource[];
  readonly #byPath = new Map<string, Resource>();
  readonly #byCollection = new Map<string, Resource>();

  constructor(kinds: readonly Kind[], aliases: readonly VersionAlias[] = []) {
    const stored = kinds.map((kind) => resourceOf(kind, kind.version));
    const extra = aliases.flatMap((alias) => {
      const kind = kinds.find((kind) => kind.group === alias.group && kind.plural === alias.plural);
      return kind ? [resourceOf(kind, alias.version)] : [];
    });
    this.all = [...stored, ...extra];
    for (const resource of this.all)
      this.#byPath.set(`${resource.group}/${resource.version}/${resource.plural}`, resource);
    for (const resource of stored) this.#byCollection.set(resource.collection, resource);
  }

  find(group: string, version: string, plural: string): Resource | undefined {
    return this.#byPath.get(`${group}/${version}/${plural}`);
  }

  /** The resource in its stored version. */
  ofKind(kind: Pick<Kind, "group" | "plural">): Resource | undefined {
    return this.#byCollection.get(collectionOf(kind));
  }

  hasGroup(group: string): boolean {
    return this.all.some((resource) => resource.group === group);
  }
}

export function apiVersionOfResource(resource: Pick<Resource, "group" | "version">): string {
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
}

function resourceOf(kind: Kind, version: string): Resource {
  return { kind, group: kind.group, version, plural: kind.plural, collection: collectionOf(kind) };
}

export function collectionOf(kind: Pick<Kind, "group" | "plural">): string {
  return kind.group === "" ? kind.plural : `${kind.plural}.${kind.group}`;
}
