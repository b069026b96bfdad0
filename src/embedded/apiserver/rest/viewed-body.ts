import { apiVersionOf } from "../../../api/kind.ts";
import type { AnyObject } from "../any-object.ts";
import { storageKeyOf, type Target, type WriteOptions } from "../context.ts";
import { invalid } from "../failures.ts";
import type { Resource } from "../resources.ts";
import { checkUnknownFields } from "../unknown-fields.ts";
import type { DecodedBody } from "./body.ts";
import type { RestContext } from "./rest-context.ts";

interface Given extends DecodedBody {
  readonly resource: Resource;
  readonly operation: "create" | "update";
  /** What is stored now, for an update. */
  readonly before?: AnyObject | undefined;
}

/** A body in a view's shape, checked as such, as what will be stored; other bodies as they are. */
export function toStored(context: RestContext, given: Given, options: WriteOptions): DecodedBody {
  const { before } = given;
  const { view } = given.resource;
  if (!view) return given;
  checkUnknownFields(context, given, options);
  const object = view.store(given.object, before) as AnyObject;
  const causes = before ? [] : (view.check?.(object) ?? []);
  const { kind } = given.resource.kind;
  if (causes.length > 0) throw invalid({ kind, group: "" }, object.metadata.name ?? "", causes);
  return { object: { ...object, kind: view.of.kind, apiVersion: apiVersionOf(view.of) }, duplicates: [] };
}

/** The stored object that a PUT through a view replaces. */
export async function viewedBefore(context: RestContext, target: Target): Promise<AnyObject | undefined> {
  if (!target.resource.view) return undefined;
  const entry = await context.storage.get(storageKeyOf(target));
  return entry ? (JSON.parse(entry.json) as AnyObject) : undefined;
}
