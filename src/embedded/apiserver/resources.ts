import { collectionOf, type Kind } from "../../api/kind.ts";
import type { KindView } from "../../api/view.ts";

/** A kind as it is served under one group and version. */
export interface Resource {
  readonly kind: Kind;
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  /** The storage's name for the kind: `plural.group`, or the plural alone. */
  readonly collection: string;
  /** Set where stored objects are shown in another shape; `kind` is then that shape's. */
  readonly view?: KindView;
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

  constructor(
    kinds: readonly Kind[],
    aliases: readonly VersionAlias[] = [],
    views: readonly KindView[] = [],
  ) {
    const stored = kinds.map((kind) => resourceOf(kind, kind.version));
    const extra = aliases.flatMap((alias) => {
      const kind = kinds.find((kind) => kind.group === alias.group && kind.plural === alias.plural);
      return kind ? [resourceOf(kind, alias.version)] : [];
    });
    const shown = views.filter(({ of }) => kinds.includes(of)).map(viewResource);
    this.all = [...stored, ...extra, ...shown];
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

  /** What the objects behind a view are stored as; the resource itself where it is no view. */
  storedAs(resource: Resource): Resource {
    return (resource.view && this.ofKind(resource.view.of)) ?? resource;
  }

  hasGroup(group: string): boolean {
    return this.all.some((resource) => resource.group === group);
  }
}

function viewResource(view: KindView): Resource {
  const { kind, of } = view;
  const { group, version, plural } = kind;
  return { kind, group, version, plural, collection: collectionOf(of), view };
}

function resourceOf(kind: Kind, version: string): Resource {
  return { kind, group: kind.group, version, plural: kind.plural, collection: collectionOf(kind) };
}
