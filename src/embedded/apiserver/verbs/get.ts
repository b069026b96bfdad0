import { type Caller, type ServerContext, storageKeyOf, type Target } from "../context.ts";
import { notFound } from "../failures.ts";
import type { Entry } from "../storage/storage.ts";

/** The object's present text. Outside the engine only what the disk has is shown. */
export async function getObject(context: ServerContext, target: Target, caller: Caller): Promise<Entry> {
  const entry = await context.storage.get(storageKeyOf(target));
  if (!entry) throw notFound(target.resource, target.name);
  if (!caller.inside) await context.storage.whenDurable(entry.revision);
  return entry;
}
