import { apiVersionOf } from "../../api/kind.ts";
import type { AnyObject } from "./any-object.ts";
import { type ServerContext, storageKeyOf, type Target, type WriteOptions } from "./context.ts";

/** An object as it was stored (or would be, in a dry run). */
export interface Written {
  readonly object: AnyObject;
  /** Its text as it is stored, of which answers are made. */
  readonly text?: string;
  /** The object that watchers inside the engine get: read only. Set where its writer is inside too. */
  readonly shared?: AnyObject;
  /** Its revision number; that of the stored object where nothing was written. */
  readonly revision: number;
  readonly created: boolean;
  /** True when the object is gone. */
  readonly removed?: boolean;
}

export interface Draft {
  readonly target: Target;
  /** The revision that the draft was made from; 0 for a new object. */
  readonly expected: number;
  readonly object: AnyObject;
  /** Text of the expected revision. */
  readonly previous?: string;
  readonly type: "put" | "delete";
}

/** Stores a draft; undefined when the object moved on meanwhile. */
export function commit(context: ServerContext, draft: Draft, options: WriteOptions): Written | undefined {
  const created = draft.expected === 0;
  const object = inOrder(draft.object, draft.target);
  if (options.dryRun) return { object, revision: draft.expected, created, removed: draft.type === "delete" };
  const revision = context.storage.append({
    key: storageKeyOf(draft.target),
    expected: draft.expected,
    type: draft.type,
    render(number) {
      object.metadata.resourceVersion = String(number);
      return JSON.stringify(object);
    },
    ...(draft.previous === undefined ? {} : { previous: draft.previous }),
  });
  if (!revision) return undefined;
  const { json: text, revision: number } = revision;
  const written = { object, text, revision: number, created, removed: draft.type === "delete" };
  return options.caller.inside ? { ...written, shared: context.hub.objectOf(number) } : written;
}

/** Type first, so that a list can take it off the text of its items; always the stored version. */
function inOrder(object: AnyObject, target: Target): AnyObject {
  const { kind: _, apiVersion: __, metadata, ...rest } = object;
  const { kind } = target.resource;
  const apiVersion = apiVersionOf(kind);
  return { kind: kind.kind, apiVersion, metadata: { ...metadata }, ...rest };
}
