import { failure } from "../../../api/status.ts";
import type { AnyObject } from "../any-object.ts";
import type { ServerContext } from "../context.ts";
import { tooOld } from "../failures.ts";
import type { Resource } from "../resources.ts";
import { type Filter, looksInside, matchesKey, matchesObject } from "../selection.ts";
import type { Entry } from "../storage/storage.ts";
import type { Change } from "../watch-hub.ts";
import { isExpired, listEntries } from "./list.ts";

export interface Watch {
  readonly resource: Resource;
  readonly filter: Filter;
  /** Changes after this revision; 0 = first what exists. */
  readonly from: number;
  readonly durable: boolean;
  /** What exists already, in key order; only where `from` is 0. */
  readonly onInitial: (entry: Entry) => void;
  /** Resolves when the initial objects given so far were read; absent = no need to wait. */
  readonly whenRead?: () => Promise<void>;
  /** The initial objects are complete up to this revision. */
  readonly onInitialEnd?: (revision: number) => void;
  readonly onEvent: (event: RawEvent) => void;
  readonly onBookmark: (revision: number) => void;
  /** The watch is over; a reason of Expired asks for a new list. */
  readonly onBroken: (why: unknown) => void;
}

export interface RawEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly change: Change;
  /** The object to show is the one before (it left the selection), with the new revision. */
  readonly left: boolean;
}

/** Starts a watch; returns how to stop it (spec E-205). */
export function watchObjects(context: ServerContext, watch: Watch): () => void {
  let stop = () => {};
  let stopped = false;
  const begin = async () => {
    const from = watch.from === 0 ? await sendInitial(context, watch, () => stopped) : watch.from;
    if (stopped) return;
    if (from < context.storage.compacted) throw tooOld(from, context.storage.compacted);
    stop = context.hub.subscribe({
      collection: watch.resource.collection,
      from,
      durable: watch.durable,
      onChange(change) {
        const event = eventOf(watch.filter, change);
        if (event && !stopped) watch.onEvent(event);
      },
      onBookmark: watch.onBookmark,
      onBroken: (why) => watch.onBroken(isExpired(why) ? tooOld(from, context.storage.compacted) : why),
    });
  };
  void begin().catch((why) => {
    if (!stopped) watch.onBroken(isExpired(why) ? tooOld(watch.from, context.storage.compacted) : why);
  });
  return () => {
    stopped = true;
    stop();
  };
}

async function sendInitial(context: ServerContext, watch: Watch, isStopped: () => boolean): Promise<number> {
  const at = context.storage.sequenced;
  for await (const entries of listEntries(context, { resource: watch.resource, filter: watch.filter, at })) {
    if (isStopped()) return at;
    for (const entry of entries) watch.onInitial(entry);
    await watch.whenRead?.();
  }
  watch.onInitialEnd?.(at);
  return at;
}

/** What a change means for one watcher: an object that leaves its selection is deleted for it. */
function eventOf(filter: Filter, change: Change): RawEvent | undefined {
  const { revision } = change;
  if (!matchesKey(filter, revision.key)) return undefined;
  const existed = revision.previous !== undefined;
  if (!looksInside(filter)) {
    if (revision.type === "delete") return { type: "DELETED", change, left: false };
    return { type: existed ? "MODIFIED" : "ADDED", change, left: false };
  }
  const before = change.previous !== undefined && matchesObject(filter, change.previous);
  if (revision.type === "delete") return before ? { type: "DELETED", change, left: false } : undefined;
  const now = matchesObject(filter, change.object);
  if (now) return { type: before ? "MODIFIED" : "ADDED", change, left: false };
  return before ? { type: "DELETED", change, left: true } : undefined;
}

/** The object that an event shows, shared by all watchers: read only. */
export function eventObject(event: RawEvent): AnyObject {
  const { revision } = event.change;
  if (!event.left) return event.change.object;
  const object = JSON.parse(revision.previous ?? revision.json) as AnyObject;
  object.metadata.resourceVersion = String(revision.revision);
  return object;
}

/** The text that an event shows. */
export function eventText(event: RawEvent): string {
  return event.left ? JSON.stringify(eventObject(event)) : event.change.revision.json;
}

export function parseRevision(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw failure(400, "BadRequest", `invalid resource version "${text}"`);
}
