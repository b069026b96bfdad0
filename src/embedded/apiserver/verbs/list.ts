import type { AnyObject } from "../any-object.ts";
import type { ServerContext } from "../context.ts";
import type { Resource } from "../resources.ts";
import { type Filter, looksInside, matchesKey, matchesObject } from "../selection.ts";
import { type Entry, StorageError } from "../storage/storage.ts";

export interface Listing {
  readonly resource: Resource;
  readonly filter: Filter;
  /** The revision whose state is listed. */
  readonly at: number;
  readonly after?: { readonly namespace: string; readonly name: string };
}

const PAGE = 100;

/** The matching objects in key order, page by page: no slice holds more than one page. */
export async function* listEntries(context: ServerContext, listing: Listing): AsyncGenerator<Entry[]> {
  const { resource, filter, at } = listing;
  if (filter.namespace !== undefined && filter.name !== undefined && at >= context.storage.sequenced) {
    yield* oneEntry(context, listing, { namespace: filter.namespace, name: filter.name });
    return;
  }
  let after = listing.after;
  for (;;) {
    const page = await context.storage.list({
      collection: resource.collection,
      at,
      limit: PAGE,
      ...(filter.namespace === undefined ? {} : { namespace: filter.namespace }),
      ...(after === undefined ? {} : { after }),
    });
    yield page.entries.filter((entry) => matches(filter, entry));
    after = page.entries.at(-1)?.key;
    if (!page.more) return;
  }
}

/** A list by name is a read of one object. */
async function* oneEntry(
  context: ServerContext,
  listing: Listing,
  key: { readonly namespace: string; readonly name: string },
): AsyncGenerator<Entry[]> {
  const entry = await context.storage.get({ collection: listing.resource.collection, ...key });
  yield entry && matches(listing.filter, entry) ? [entry] : [];
}

function matches(filter: Filter, entry: Entry): boolean {
  if (!matchesKey(filter, entry.key)) return false;
  return !looksInside(filter) || matchesObject(filter, JSON.parse(entry.json) as AnyObject);
}

export function isExpired(thrown: unknown): boolean {
  return thrown instanceof StorageError && thrown.code === "storage-expired";
}
