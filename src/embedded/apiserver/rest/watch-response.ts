import { apiVersionOf } from "../../../api/kind.ts";
import { ApiError, failure } from "../../../api/status.ts";
import { assert } from "../../../base/assert.ts";
import type { Timer } from "../../../base/clock.ts";
import type { AnyObject } from "../any-object.ts";
import type { ServerContext } from "../context.ts";
import { eventText, type RawEvent, watchObjects } from "../verbs/watch.ts";
import type { Form } from "./accept.ts";
import type { Address } from "./address.ts";
import type { ApiResponse, Exchange } from "./exchange.ts";
import { watchOptionsOf } from "./list-options.ts";
import { filterFrom } from "./list-response.ts";
import { textInVersion } from "./object-text.ts";
import { PROTOBUF_TYPE, warningHeaders } from "./respond.ts";
import { columnDefinitions, includeObjectOf, partialMetadata, tableOfOne, tableRow } from "./table.ts";
import { TextQueue } from "./text-queue.ts";

/** GET with watch: JSON lines for as long as the client listens (spec E-205). */

type ResourceAddress = Extract<Address, { type: "resource" }>;

/** A watch without timeoutSeconds ends somewhere in this range, so that clients do not come back all at once. */
const TIMEOUT_MIN_SECONDS = 1800;
const INITIAL_EVENTS_END = { "k8s.io/initial-events-end": "true" };

export async function respondWatch(
  context: ServerContext,
  exchange: Exchange,
  { address, form }: { readonly address: ResourceAddress; readonly form: Form },
): Promise<ApiResponse> {
  const options = watchOptionsOf(exchange.query);
  const filter = filterFrom(exchange, address);
  if (form.format === "yaml") {
    const types = "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";
    throw failure(406, "NotAcceptable", `only the following media types are accepted: ${types}`);
  }
  const frames = form.format === "protobuf" ? await binaryFrames() : JSON_LINES;
  let stop = () => {};
  let timer: Timer | undefined;
  let ended = false;
  const end = () => {
    ended = true;
    stop();
    timer?.cancel();
    exchange.request.signal.removeEventListener("abort", end);
    queue.end();
  };
  const show = showing(context, exchange, { address, form });
  const queue = new TextQueue(() => {
    context.log.warn("a watcher does not read: its watch is ended", {
      path: exchange.path,
      caller: exchange.caller.name,
    });
    end();
  });
  const line = (type: string, object: string) => queue.push(frames.frame(type, object));
  const initial = options.initialEvents ?? (options.from === undefined || options.from === 0);
  const bookmark = (revision: number, annotations?: Record<string, string>) =>
    line("BOOKMARK", show.bookmark(revision, annotations));
  stop = watchObjects(context, {
    resource: address.resource,
    filter,
    from: initial ? 0 : options.from || context.storage.sequenced,
    durable: true,
    onInitial: (entry) => line("ADDED", show.object(entry.json)),
    whenRead: () => queue.whenEmpty(),
    onInitialEnd(revision) {
      if (options.initialEvents && options.bookmarks) bookmark(revision, INITIAL_EVENTS_END);
    },
    onEvent: (event: RawEvent) => line(event.type, show.object(eventText(event))),
    onBookmark(revision) {
      if (options.bookmarks) bookmark(revision);
    },
    onBroken(why) {
      if (why instanceof ApiError) line("ERROR", JSON.stringify(why.status));
      else if (why !== undefined)
        line("ERROR", JSON.stringify(failure(500, "InternalError", String(why)).status));
      end();
    },
  });
  if (ended) stop();
  const seconds = options.timeoutSeconds || TIMEOUT_MIN_SECONDS * (1 + context.random.next());
  timer = context.clock.schedule(seconds * 1000, end);
  exchange.request.signal.addEventListener("abort", end);
  if (exchange.request.signal.aborted) end();
  const headers = { "content-type": frames.contentType, ...warningHeaders(exchange.warnings) };
  return { status: 200, headers, body: queue };
}

/** How an event and the text of its object go over the wire. */
interface Frames {
  readonly contentType: string;
  readonly frame: (type: string, object: string) => string | Uint8Array;
}

const JSON_LINES: Frames = {
  contentType: "application/json",
  frame: (type, object) => `{"type":"${type}","object":${object}}\n`,
};

async function binaryFrames(): Promise<Frames> {
  const { encodeWatchEvent } = await import("./protobuf-encode.ts");
  return {
    contentType: `${PROTOBUF_TYPE};stream=watch`,
    frame(type, object) {
      const frame = encodeWatchEvent(type, JSON.parse(object) as Record<string, unknown>);
      assert(frame !== undefined, "what a watch shows in protobuf has such a form");
      return frame;
    },
  };
}

interface Showing {
  readonly object: (text: string) => string;
  readonly bookmark: (revision: number, annotations: Record<string, string> | undefined) => string;
}

function showing(
  context: ServerContext,
  exchange: Exchange,
  { address, form }: { readonly address: ResourceAddress; readonly form: Form },
): Showing {
  const { resource } = address;
  const type = { kind: resource.kind.kind, apiVersion: apiVersionOf(resource) };
  const bookmark = (revision: number, annotations: Record<string, string> | undefined): AnyObject => ({
    ...type,
    metadata: {
      resourceVersion: String(revision),
      ...(annotations ? { annotations } : {}),
    },
  });
  if (form.as === "Table") {
    const include = includeObjectOf(exchange.query.get("includeObject"));
    let columns: unknown = columnDefinitions(resource.kind);
    const table = (object: AnyObject) => {
      const row = tableRow(resource.kind, object, { include, nowMs: context.clock.wall() });
      const shown = tableOfOne(object.metadata.resourceVersion, columns, row);
      columns = null;
      return JSON.stringify(shown);
    };
    return {
      object: (text) => table(JSON.parse(textInVersion(resource, text)) as AnyObject),
      bookmark: (revision, annotations) => {
        const row = { cells: [], object: partialMetadata(bookmark(revision, annotations)) };
        return JSON.stringify(tableOfOne(String(revision), null, row));
      },
    };
  }
  if (form.as === "PartialObjectMetadata" || form.as === "PartialObjectMetadataList")
    return {
      object: (text) => JSON.stringify(partialMetadata(JSON.parse(text) as AnyObject)),
      bookmark: (revision, annotations) => JSON.stringify(partialMetadata(bookmark(revision, annotations))),
    };
  return {
    object: (text) => textInVersion(resource, text),
    bookmark: (revision, annotations) => JSON.stringify(bookmark(revision, annotations)),
  };
}
