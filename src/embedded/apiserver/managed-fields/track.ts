import { apiVersionOf } from "../../../api/kind.ts";
import type { ObjectMeta } from "../../../api/object.ts";
import { failure } from "../../../api/status.ts";
import { copyJson } from "../../../base/json.ts";
import { type AnyObject, isRecord, sameJson, valueAt } from "../any-object.ts";
import { badRequest } from "../failures.ts";
import type { Resource } from "../resources.ts";
import { unfitApplied } from "./check-applied.ts";
import { applyConflict } from "./conflicts.ts";
import {
  capped,
  decodeManaged,
  encodeManaged,
  identityOf,
  type Managed,
  NOTHING_MANAGED,
  ownerText,
} from "./entries.ts";
import { withNewLastApplied, withoutLastApplied } from "./last-applied.ts";
import { applyOwned, ownersAfterUpdate, type Writer } from "./ownership.ts";
import { allocatedFields, emptyObject, IDENTITY_FIELDS, resetFields } from "./reset-fields.ts";
import { UnfitValue } from "./shape.ts";

/** metadata.managedFields as writes change it: entries and times around ownership.ts (spec E-204). */

export interface Write {
  readonly resource: Resource;
  readonly subresource: string;
  /** Who writes, as metadata.managedFields names it. */
  readonly manager: string;
  /** Now, in the API's form. */
  readonly time: string;
}

type ManagedFields = ObjectMeta["managedFields"];

export interface Change {
  /** Absent for a new object. */
  readonly before?: AnyObject | undefined;
  readonly after: AnyObject;
  /** What the client sent of a new object, before the server gave anything out. */
  readonly requested?: unknown;
}

/** The managedFields after a create or update that was no apply; undefined where the object is not tracked. */
export function managedAfterUpdate(write: Write, change: Change): ManagedFields {
  const { before, after } = change;
  const live = before?.metadata.managedFields;
  const managed = presentOrNew(live, after.metadata.managedFields, write.subresource !== "");
  // An object that nobody tracks stays untracked until something is applied to it.
  if (managed.owners.size === 0 && before) return undefined;
  return updated(write, managed, change) ?? live;
}

/** undefined where a list of the object cannot be told apart: then ownership stays as it was. */
function updated(write: Write, managed: Managed, change: Change): ManagedFields {
  const { before, after, requested } = change;
  const { resource } = write;
  const writer = writerOf(write, "Update");
  const ignored = before ? writer.ignored : writer.ignored.union(allocatedFields(resource, requested));
  const pair = {
    before: seen(write, before ?? emptyObject(resource.kind)),
    after: seen(write, after),
  };
  try {
    const { owners, took } = ownersAfterUpdate(managed.owners, { ...writer, ignored }, pair);
    const times = took ? new Map(managed.times).set(writer.owner, write.time) : managed.times;
    return encodeManaged(capped({ owners, times }));
  } catch (thrown) {
    if (thrown instanceof UnfitValue) return undefined;
    throw thrown;
  }
}

export function setManaged(object: AnyObject, managedFields: ManagedFields): void {
  if (managedFields === undefined || managedFields.length === 0) delete object.metadata.managedFields;
  else object.metadata.managedFields = managedFields;
}

/**
 * A write that changed nothing but the time in managedFields is none: it takes the stored times, so that it stores
 * nothing and applying the same twice is quiet. Changes `next`.
 */
export function keepTimes(stored: AnyObject, next: AnyObject): void {
  const before = stored.metadata.managedFields;
  const after = next.metadata.managedFields;
  if (before === undefined || after === undefined || !sameJson(timeless(before), timeless(after))) return;
  if (sameJson(withoutManaged(stored), withoutManaged(next))) next.metadata.managedFields = before;
}

function timeless(entries: readonly unknown[]): unknown[] {
  return entries.map((entry) => (isRecord(entry) ? { ...entry, time: undefined } : entry));
}

/** A request may bring managedFields of its own, but for a subresource; `[{}]` gives all of them up. */
function presentOrNew(live: unknown, given: unknown, isSubresource: boolean): Managed {
  const present = decodeManaged(live) ?? NOTHING_MANAGED;
  if (isSubresource) return present;
  if (isReset(given)) return NOTHING_MANAGED;
  const fresh = decodeManaged(given);
  return fresh && fresh.owners.size > 0 ? fresh : present;
}

function isReset(given: unknown): boolean {
  if (!Array.isArray(given) || given.length !== 1) return false;
  const [entry]: unknown[] = given;
  return isRecord(entry) && Object.keys(entry).length === 0;
}

function writerOf({ resource, subresource, manager }: Write, operation: "Apply" | "Update"): Writer {
  const { kind } = resource;
  const apiVersion = apiVersionOf(kind);
  return {
    owner: identityOf({ manager, operation, apiVersion, subresource }),
    apiVersion,
    schema: kind.schema,
    ignored: resetFields(kind, subresource),
    ownerless: IDENTITY_FIELDS,
  };
}

/** What ownership looks at: not itself, and through the scale subresource the replicas alone, where Go omits a zero. */
function seen({ subresource }: Write, object: Fields): Fields {
  if (subresource !== "scale") return withoutManaged(object);
  const replicas = valueAt(object, ["spec", "replicas"]);
  return { metadata: {}, spec: replicas === 0 ? {} : { replicas } };
}

type Fields = Readonly<Record<string, unknown>>;

function withoutManaged(object: Fields): Fields {
  if (!isRecord(object.metadata) || object.metadata.managedFields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

export interface Application {
  /** undefined: the object is to be made. */
  readonly live: AnyObject | undefined;
  readonly applied: AnyObject;
  readonly force: boolean;
}

const BEFORE_FIRST_APPLY = "before-first-apply";

/** The object as server-side apply leaves it, managedFields included. Throws ApiError: conflicts, unfit values. */
export function applyConfiguration(write: Write, { live, applied, force }: Application): AnyObject {
  checkApplied(write.resource, applied);
  // What is applied may take parts of the live object over, and is changed later.
  const before = seen(write, live ?? copyJson(emptyObject(write.resource.kind))) as AnyObject;
  const tracked = trackedBefore(write, live);
  const writer = writerOf(write, "Apply");
  const { owners, object, conflicts } = applyOwned(tracked.owners, writer, { live: before, applied });
  const open =
    write.manager === "kubectl" ? withoutLastApplied(write.resource.kind, before, conflicts) : conflicts;
  if (open.length > 0 && !force) throw applyConflict(open, ownerText);
  const times = object === undefined ? tracked.times : new Map(tracked.times).set(writer.owner, write.time);
  const next = (object ?? before) as AnyObject;
  const managedFields = encodeManaged(capped({ owners, times }));
  const metadata = write.manager === "kubectl" ? withNewLastApplied(next.metadata, applied) : next.metadata;
  return { ...next, metadata: { ...metadata, managedFields } };
}

/** What an object that nobody tracked holds counts as one update from before the first apply. */
function trackedBefore(write: Write, live: AnyObject | undefined): Managed {
  const managed = decodeManaged(live?.metadata.managedFields) ?? NOTHING_MANAGED;
  if (!live || managed.owners.size > 0) return managed;
  const earlier = { ...write, manager: BEFORE_FIRST_APPLY };
  const entries = updated(earlier, NOTHING_MANAGED, { after: live, requested: live });
  return decodeManaged(entries) ?? NOTHING_MANAGED;
}

function checkApplied(resource: Resource, applied: AnyObject): void {
  if (applied.metadata.managedFields !== undefined) throw badRequest("metadata.managedFields must be nil");
  const problem = unfitApplied(resource.kind.schema, applied);
  if (problem === undefined) return;
  const { namespace = "", name = "" } = applied.metadata;
  const type = `${apiVersionOf(resource)}, Kind=${resource.kind.kind}`;
  const message = `failed to create typed patch object (${namespace}/${name}; ${type}): ${problem}`;
  throw failure(500, "", message);
}
