import { isRecord } from "../any-object.ts";
import { fieldSetFromV1 } from "./field-set.ts";
import type { Owned, Owners } from "./ownership.ts";

/** metadata.managedFields and what it says: owners by identity, and when each wrote last. */

export interface Entry {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly time?: string;
  readonly fieldsType: "FieldsV1";
  readonly fieldsV1: Record<string, unknown>;
  readonly subresource?: string;
}

export interface Managed {
  readonly owners: Owners;
  /** By identity; absent where an apply changed nothing. */
  readonly times: ReadonlyMap<string, string>;
}

export const NOTHING_MANAGED: Managed = { owners: new Map(), times: new Map() };

export interface Manager {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly subresource: string;
}

/** One identity for all that a manager applies; its updates are kept apart by version. */
export function identityOf({ manager, operation, apiVersion, subresource }: Manager): string {
  return JSON.stringify({
    manager,
    operation,
    ...(operation === "Update" ? { apiVersion } : {}),
    ...(subresource === "" ? {} : { subresource }),
  });
}

/** undefined when the list is not what a server writes: then it counts for nothing. */
export function decodeManaged(entries: unknown): Managed | undefined {
  if (entries === undefined || entries === null) return NOTHING_MANAGED;
  if (!Array.isArray(entries)) return undefined;
  const owners = new Map<string, Owned>();
  const times = new Map<string, string>();
  for (const entry of entries) {
    if (!isRecord(entry)) return undefined;
    const { manager = "", operation, apiVersion = "", subresource = "", time, fieldsType } = entry;
    if (operation !== "Apply" && operation !== "Update") return undefined;
    if (typeof manager !== "string" || typeof apiVersion !== "string" || typeof subresource !== "string")
      return undefined;
    const set = fieldSetFromV1(entry.fieldsV1 ?? {});
    if (fieldsType !== "FieldsV1" || !set) return undefined;
    const identity = identityOf({ manager, operation, apiVersion, subresource });
    owners.set(identity, { set, apiVersion, applied: operation === "Apply" });
    if (typeof time === "string") times.set(identity, time);
  }
  return { owners, times };
}

/** Applies first, then by time, then by name. */
export function encodeManaged({ owners, times }: Managed): Entry[] {
  const entries = [...owners].map(([identity, owned]) => entryOf(identity, owned, times.get(identity)));
  return entries.sort((left, right) => {
    if (left.operation !== right.operation) return left.operation < right.operation ? -1 : 1;
    const seconds = secondsOf(left.time) - secondsOf(right.time);
    if (seconds !== 0) return seconds;
    for (const field of ["manager", "apiVersion", "subresource"] as const) {
      const [first, second] = [left[field] ?? "", right[field] ?? ""];
      if (first !== second) return first < second ? -1 : 1;
    }
    return 0;
  });
}

function entryOf(identity: string, owned: Owned, time: string | undefined): Entry {
  const { manager, subresource } = JSON.parse(identity) as { manager: string; subresource?: string };
  return {
    manager,
    operation: owned.applied ? "Apply" : "Update",
    apiVersion: owned.apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: "FieldsV1",
    fieldsV1: owned.set.toFieldsV1(),
    ...(subresource === undefined ? {} : { subresource }),
  };
}

function secondsOf(time: string | undefined): number {
  return time === undefined ? 0 : Math.floor(Date.parse(time) / 1000);
}

/** The owner as a conflict names it. */
export function ownerText(identity: string): string {
  const { manager, operation, apiVersion, subresource } = JSON.parse(identity) as Partial<Manager>;
  const through = subresource === undefined ? "" : ` with subresource "${subresource}"`;
  const version = operation === "Update" ? ` using ${apiVersion}` : "";
  return `${JSON.stringify(manager)}${through}${version}`;
}

/** More owners by update than this are thrown together, the oldest first. */
const UPDATERS_MAX = 10;
const ANCIENT = "ancient-changes";

/** Bounds the list: an object that many hands change must not grow with their number. */
export function capped(managed: Managed): Managed {
  const owners = new Map(managed.owners);
  const times = new Map(managed.times);
  const updaters = [...owners].filter(([, owned]) => !owned.applied).map(([identity]) => identity);
  let count = updaters.length;
  if (count <= UPDATERS_MAX) return managed;
  updaters.sort(
    (left, right) =>
      secondsOf(times.get(left)) - secondsOf(times.get(right)) ||
      (left < right ? -1 : left === right ? 0 : 1),
  );
  const first = new Map<string, string>();
  for (const identity of updaters) {
    if (count <= UPDATERS_MAX) break;
    const owned = owners.get(identity);
    if (!owned) continue;
    const { apiVersion } = owned;
    const bucket = identityOf({ manager: ANCIENT, operation: "Update", apiVersion, subresource: "" });
    const oldest = first.get(apiVersion);
    if (oldest === undefined) {
      first.set(apiVersion, identity);
      continue;
    }
    const held = owners.get(bucket) ?? owners.get(oldest);
    owners.delete(oldest);
    owners.delete(identity);
    owners.set(bucket, { ...owned, set: held ? owned.set.union(held.set) : owned.set });
    const time = times.get(identity);
    if (time !== undefined) times.set(bucket, time);
    count--;
  }
  return { owners, times };
}
