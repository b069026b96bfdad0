import type { Kind } from "../../../api/kind.ts";
import type { ObjectMeta } from "../../../api/object.ts";
import { type AnyObject, isRecord } from "../any-object.ts";
import { compareValues } from "./compare.ts";
import { fieldSetOfValue } from "./field-set-of-value.ts";
import type { Conflict } from "./ownership.ts";
import { UnfitValue } from "./shape.ts";

/**
 * How `kubectl apply --server-side` takes over what `kubectl apply` wrote: its annotation says what was applied, so
 * fields that still are as it says belong to the same hand and are no conflict.
 */
const ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration";

/** The conflicts that the annotation of the live object does not explain. */
export function withoutLastApplied(
  kind: Kind,
  live: AnyObject,
  conflicts: readonly Conflict[],
): readonly Conflict[] {
  const last = parsed(live.metadata.annotations?.[ANNOTATION]);
  if (conflicts.length === 0 || last === undefined) return conflicts;
  try {
    const { added, modified, removed } = compareValues(kind.schema, last, live);
    const same = fieldSetOfValue(kind.schema, last)
      .difference(modified)
      .difference(added)
      .difference(removed);
    return conflicts.filter(({ path }) => !same.has(path));
  } catch (thrown) {
    if (thrown instanceof UnfitValue) return conflicts;
    throw thrown;
  }
}

/** The annotation, where the object has one, follows what was applied, so that a later `kubectl apply` knows it. */
export function withNewLastApplied(metadata: ObjectMeta, applied: AnyObject): ObjectMeta {
  const { annotations } = metadata;
  if (annotations?.[ANNOTATION] === undefined) return metadata;
  const { [ANNOTATION]: _, ...others } = applied.metadata.annotations ?? {};
  const shown = { ...applied, metadata: { ...applied.metadata, annotations: others } };
  if (Object.keys(others).length === 0) delete (shown.metadata as ObjectMeta).annotations;
  return { ...metadata, annotations: { ...annotations, [ANNOTATION]: `${JSON.stringify(shown)}\n` } };
}

function parsed(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
