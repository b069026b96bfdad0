import type { Schema } from "../../../api/schema.ts";
import { sameJson } from "../any-object.ts";
import { compareValues } from "./compare.ts";
import { EMPTY_SET, type FieldSet } from "./field-set.ts";
import { fieldSetOfValue } from "./field-set-of-value.ts";
import { mergeValues } from "./merge.ts";
import type { PathElement } from "./path-element.ts";
import { removeFields, withNamedParents } from "./remove-fields.ts";

/** Who owns which field, and how writes move ownership (spec E-204). Pure: knows neither entries nor times. */

export interface Owned {
  readonly set: FieldSet;
  /** Version of the API that the paths are of. */
  readonly apiVersion: string;
  /** Owned by server-side apply: what is no longer applied is taken off the object. */
  readonly applied: boolean;
}

/** By the owner's identity. */
export type Owners = ReadonlyMap<string, Owned>;

export interface Conflict {
  readonly owner: string;
  readonly path: readonly PathElement[];
}

export interface Writer {
  readonly owner: string;
  readonly apiVersion: string;
  readonly schema: Schema;
  /** Fields that this way of writing leaves alone whatever the body says, and all below them. */
  readonly ignored: FieldSet;
  /** Paths that nobody owns; those below them can be. */
  readonly ownerless: FieldSet;
}

export interface Updated {
  readonly owners: Owners;
  /** False when the writer came to own nothing by this write. */
  readonly took: boolean;
}

/** After a write that was no apply: what it added or changed belongs to the writer alone. */
export function ownersAfterUpdate(
  owners: Owners,
  writer: Writer,
  change: { readonly before: unknown; readonly after: unknown },
): Updated {
  const compared = comparisonOf(writer, change);
  const touched = compared.added.union(compared.modified);
  const next = new Map<string, Owned>();
  for (const [owner, owned] of owners)
    setOwned(next, owner, { ...owned, set: owned.set.difference(touched).difference(compared.removed) });
  const taken = touched.difference(writer.ownerless);
  if (!taken.isEmpty) {
    const set = taken.union(next.get(writer.owner)?.set ?? EMPTY_SET);
    next.set(writer.owner, { set, apiVersion: writer.apiVersion, applied: false });
  }
  return { owners: next, took: !taken.isEmpty };
}

function comparisonOf(
  writer: Writer,
  { before, after }: { readonly before: unknown; readonly after: unknown },
) {
  const { added, modified, removed } = compareValues(writer.schema, before, after);
  const { ignored } = writer;
  if (ignored.isEmpty) return { added, modified, removed };
  return {
    added: added.without(ignored),
    modified: modified.without(ignored),
    removed: removed.without(ignored),
  };
}

function setOwned(owners: Map<string, Owned>, owner: string, owned: Owned): void {
  if (owned.set.isEmpty) owners.delete(owner);
  else owners.set(owner, owned);
}

export interface Applied {
  readonly owners: Owners;
  /** undefined when the object stays as it is. */
  readonly object: unknown;
  /** Fields that others own with another value; with any of them and without force nothing may be done. */
  readonly conflicts: readonly Conflict[];
}

/** Server-side apply: the applied value merged in, what its owner no longer applies taken off, ownership moved. */
export function applyOwned(
  owners: Owners,
  writer: Writer,
  change: { readonly live: unknown; readonly applied: unknown },
): Applied {
  const { schema, owner, apiVersion } = writer;
  const { live, applied } = change;
  const claimed = fieldSetOfValue(schema, applied).without(writer.ignored).difference(writer.ownerless);
  const last = owners.get(owner);
  const next = new Map(owners).set(owner, { set: claimed, apiVersion, applied: true });
  const merged = mergeValues(schema, live, applied);
  const object = last ? withoutDropped(schema, merged, { last: last.set, owners: next }) : merged;
  const compared = comparisonOf(writer, { before: live, after: object });
  const touched = compared.added.union(compared.modified);
  const conflicts: Conflict[] = [];
  for (const [other, owned] of [...next].sort(([left], [right]) => (left < right ? -1 : 1))) {
    if (other === owner) continue;
    const lost = owned.set.intersection(touched);
    for (const path of lost.paths()) conflicts.push({ owner: other, path });
    setOwned(next, other, { ...owned, set: owned.set.difference(lost).difference(compared.removed) });
  }
  if (claimed.isEmpty) next.delete(owner);
  return { owners: next, object: sameJson(live, object) ? undefined : object, conflicts };
}

/** Takes off what the owner applied last and applies no more, unless somebody else applies it. */
function withoutDropped(
  schema: Schema,
  merged: unknown,
  how: { readonly last: FieldSet; readonly owners: Owners },
): unknown {
  const last = withNamedParents(schema, how.last);
  const all = withNamedParents(schema, fieldSetOfValue(schema, merged));
  const setOf = (value: unknown) =>
    value === null ? EMPTY_SET : withNamedParents(schema, fieldSetOfValue(schema, value));
  let kept = removeFields(schema, merged, last);
  const applied = [...how.owners.values()].filter((owned) => owned.applied);
  const claims = applied.reduce((claims, { set }) => claims.union(set), EMPTY_SET);
  const claimed = withNamedParents(schema, claims);
  kept = removeFields(schema, merged, all.difference(setOf(kept).union(claimed)));
  return removeFields(schema, merged, all.difference(setOf(kept)).intersection(last));
}
