import type { Kind } from "../api/kind.ts";
import type { ApiObject, ObjectKey } from "../api/object.ts";

/** The usual ways from a changed object to the parents that it concerns. */

/** The controlling owner, when it is of `kind`. */
export function byOwner(kind: Kind): (object: ApiObject) => readonly ObjectKey[] {
  return ({ metadata }) =>
    (metadata.ownerReferences ?? [])
      .filter(
        (owner) =>
          owner.controller && owner.kind === kind.kind && owner.apiVersion.split("/")[0] === groupOf(kind),
      )
      .map(({ name }) => ({ namespace: kind.namespaced ? (metadata.namespace ?? "") : "", name }));
}

/** The object of the same namespace that a label names. */
export function byLabel(label: string): (object: ApiObject) => readonly ObjectKey[] {
  return ({ metadata }) => {
    const name = metadata.labels?.[label];
    return name ? [{ namespace: metadata.namespace ?? "", name }] : [];
  };
}

/** The part before the slash of apiVersion; core objects have the version there. */
function groupOf(kind: Kind): string {
  return kind.group === "" ? kind.version : kind.group;
}
