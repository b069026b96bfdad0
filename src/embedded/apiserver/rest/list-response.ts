import { apiVersionOf } from "../../../api/kind.ts";
import { ApiError, failure } from "../../../api/status.ts";
import { type AnyObject, isRecord } from "../any-object.ts";
import type { ServerContext } from "../context.ts";
import { badRequest } from "../failures.ts";
import { type Filter, filterOf } from "../selection.ts";
import { compareNames, type Entry } from "../storage/storage.ts";
import { isExpired, listEntries } from "../verbs/list.ts";
import type { Form } from "./accept.ts";
import type { Address } from "./address.ts";
import type { ApiResponse, Exchange } from "./exchange.ts";
import { checkListVersion, integerOf } from "./list-options.ts";
import { itemText, textInVersion } from "./object-text.ts";
import { respondBytes, respondText, warningHeaders } from "./respond.ts";
import { columnDefinitions, hasOwnPrinter, includeObjectOf, partialMetadata, tableRow } from "./table.ts";

/** GET of a collection: JSON in chunks as the storage gives its pages, or a Table (spec E-205, E-206). */

type ResourceAddress = Extract<Address, { type: "resource" }>;

interface ListRequest {
  readonly address: ResourceAddress;
  readonly filter: Filter;
  readonly form: Form;
  readonly at: number;
  readonly limit: number;
  readonly after?: { readonly namespace: string; readonly name: string };
}

export async function respondList(
  context: ServerContext,
  exchange: Exchange,
  { address, form }: { readonly address: ResourceAddress; readonly form: Form },
): Promise<ApiResponse> {
  const { query } = exchange;
  const filter = filterFrom(exchange, address);
  const limit = Math.max(0, integerOf(query.get("limit")) ?? 0);
  integerOf(query.get("timeoutSeconds"));
  const page = startOf(context, exchange, { limit, namespaced: address.namespace !== "" });
  const request: ListRequest = { address, filter, form, limit, ...page };
  const pages = pagesOf(context, request);
  const first = await pages.next().catch((thrown) => {
    throw isExpired(thrown) ? tooOldList(query) : thrown;
  });
  if (form.format === "protobuf") return respondBinary(exchange, { request, first, pages });
  const items = itemsOf(context, exchange, request);
  const chunks = render({ request, first, pages, items });
  if (form.format === "yaml") {
    let text = "";
    for await (const chunk of chunks) text += chunk;
    return respondText(exchange, { status: 200, text, form });
  }
  return {
    status: 200,
    headers: { "content-type": "application/json", ...warningHeaders(exchange.warnings) },
    body: chunks,
  };
}

/** Protobuf says first how long it will be, so the items are encoded before the first byte goes out. */
async function respondBinary(exchange: Exchange, { request, first, pages }: Pages): Promise<ApiResponse> {
  const { encodeItem, encodeList } = await import("./protobuf-encode.ts");
  const { resource } = request.address;
  const alone = request.form.as !== "object";
  const apiVersion = alone ? "meta.k8s.io/v1" : apiVersionOf(resource);
  const kind = alone ? "PartialObjectMetadata" : resource.kind.kind;
  const items: Buffer[] = [];
  let rest: ListPage["rest"];
  for (let step = first; !step.done; step = await pages.next()) {
    rest = step.value.rest;
    for (const { json } of step.value.entries)
      items.push(encodeItem({ apiVersion, kind }, parsed(textInVersion(resource, json))));
  }
  const type = { apiVersion, kind: `${kind}List` };
  const list = encodeList({ type, metadata: listMetadata(request, rest), items });
  return respondBytes(exchange, { status: 200, bytes: list });
}

export function filterFrom(exchange: Exchange, address: ResourceAddress): Filter {
  const labelSelector = exchange.query.get("labelSelector") ?? "";
  const fieldSelector = exchange.query.get("fieldSelector") ?? "";
  const namespace =
    address.resource.kind.namespaced && address.namespace !== "" ? { namespace: address.namespace } : {};
  const filter = filterOf(address.resource, { labelSelector, fieldSelector, ...namespace });
  return address.name === "" ? filter : { ...filter, name: address.name };
}

function tooOldList(query: URLSearchParams) {
  if (query.get("continue")) {
    const renewed = encodeToken({ ...decodeToken(query.get("continue") ?? ""), rv: -1 });
    const message =
      "The provided continue parameter is too old to display a consistent list result. You can start a new list without " +
      "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. " +
      "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or " +
      "deleted between the time the first chunk was returned and now may show up in the list.";
    const { status } = failure(410, "Expired", message);
    return new ApiError({ ...status, metadata: { continue: renewed } });
  }
  return failure(410, "Expired", "The resourceVersion for the provided list is too old.");
}

function startOf(
  context: ServerContext,
  exchange: Exchange,
  { limit, namespaced }: { readonly limit: number; readonly namespaced: boolean },
): Pick<ListRequest, "at" | "after"> {
  const { query } = exchange;
  const now = context.storage.sequenced;
  const token = query.get("continue") ?? "";
  const version = checkListVersion(query, now);
  if (token === "")
    return { at: version !== undefined && (version.exact || limit > 0) ? version.revision : now };
  const { rv, start } = decodeToken(token);
  if (query.get("resourceVersion") && query.get("resourceVersion") !== "0")
    throw badRequest("specifying resource version is not allowed when using continue");
  const path = start.replace(/\0$/, "");
  const slash = path.indexOf("/");
  const after =
    namespaced || slash < 0
      ? { namespace: "", name: path }
      : { namespace: path.slice(0, slash), name: path.slice(slash + 1) };
  return { at: rv === -1 ? now : rv, after };
}

interface Token {
  readonly rv: number;
  readonly start: string;
}

function encodeToken(token: Token): string {
  const text = JSON.stringify({ v: "meta.k8s.io/v1", rv: token.rv, start: token.start });
  return Buffer.from(text).toString("base64url");
}

function decodeToken(text: string): Token {
  const invalid = (why: string) => badRequest(`invalid continue token: continue key is not valid: ${why}`);
  const decoded = Buffer.from(text, "base64url").toString("latin1");
  let token: unknown;
  try {
    token = JSON.parse(decoded);
  } catch {
    const char = decoded[0] ?? "";
    const shown = char < " " || char > "~" ? `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}` : char;
    throw invalid(
      char === ""
        ? "unexpected end of JSON input"
        : `invalid character '${shown}' looking for beginning of value`,
    );
  }
  if (!isRecord(token) || typeof token.rv !== "number" || typeof token.start !== "string" || token.rv === 0)
    throw invalid('incorrect encoded start resourceVersion (version meta.k8s.io/v1): ""');
  return { rv: token.rv, start: token.start };
}

interface ListPage {
  readonly entries: readonly Entry[];
  /** Set on the last page when the limit cut the list. */
  readonly rest?: { readonly token: string; readonly remaining: number | undefined };
}

/** The wanted entries page by page, ending at the limit. */
async function* pagesOf(context: ServerContext, request: ListRequest): AsyncGenerator<ListPage> {
  const { address, filter, at, limit } = request;
  const namespace = filter.namespace;
  const after =
    request.after && namespace !== undefined ? { namespace, name: request.after.name } : request.after;
  const listing = { resource: address.resource, filter, at, ...(after ? { after } : {}) };
  let taken = 0;
  let last: Entry | undefined;
  for await (const page of listEntries(context, listing)) {
    const wanted = page.filter((entry) => after === undefined || compareNames(entry.key, after) > 0);
    if (limit === 0 || taken + wanted.length <= limit) {
      taken += wanted.length;
      last = wanted.at(-1) ?? last;
      yield { entries: wanted };
      continue;
    }
    const entries = wanted.slice(0, limit - taken);
    last = entries.at(-1) ?? last;
    yield { entries, ...(last ? { rest: await restAfter(context, request, last) } : {}) };
    return;
  }
}

async function restAfter(context: ServerContext, request: ListRequest, last: Entry) {
  const { filter, at, address } = request;
  const { namespace, name } = last.key;
  const start = filter.namespace !== undefined || namespace === "" ? name : `${namespace}/${name}`;
  const selective = filter.labels.length > 0 || filter.fields.length > 0 || filter.name !== undefined;
  const query = { collection: address.resource.collection, at, after: { namespace, name } };
  const scope = filter.namespace === undefined ? {} : { namespace: filter.namespace };
  const remaining = selective ? undefined : await context.storage.count({ ...query, ...scope });
  return { token: encodeToken({ rv: at, start: `${start}\0` }), remaining };
}

interface Pages {
  readonly request: ListRequest;
  readonly first: IteratorResult<ListPage>;
  readonly pages: AsyncGenerator<ListPage>;
}

interface Rendering extends Pages {
  readonly items: Items;
}

interface Items {
  readonly head: string;
  /** What stands for the list when it is empty. */
  readonly empty: string;
  readonly item: (entry: Entry) => string;
}

/** Items first and metadata last: the continue token is known only at the end, and JSON does not mind. */
async function* render({ request, pages, items, first }: Rendering): AsyncGenerator<string> {
  yield items.head;
  let separator = "[";
  let rest: ListPage["rest"];
  for (let step = first; !step.done; step = await pages.next()) {
    rest = step.value.rest;
    const texts = step.value.entries.map(items.item);
    if (texts.length === 0) continue;
    yield separator + texts.join(",");
    separator = ",";
  }
  yield separator === "[" ? items.empty : "]";
  // Go leaves an empty continue out for built-in kinds and writes it for custom resources.
  const always = request.address.resource.kind.custom && request.form.as === "object" ? { continue: "" } : {};
  yield `,"metadata":${JSON.stringify({ ...always, ...listMetadata(request, rest) })}}\n`;
}

function listMetadata({ at }: ListRequest, rest: ListPage["rest"]) {
  return {
    resourceVersion: String(at),
    ...(rest === undefined ? {} : { continue: rest.token }),
    ...(rest?.remaining === undefined ? {} : { remainingItemCount: rest.remaining }),
  };
}

function itemsOf(context: ServerContext, exchange: Exchange, { address, form }: ListRequest): Items {
  const { resource } = address;
  if (form.as === "Table") {
    const include = includeObjectOf(exchange.query.get("includeObject"));
    const columns = JSON.stringify(columnDefinitions(resource.kind));
    const nowMs = context.clock.wall();
    return {
      head: `{"kind":"Table","apiVersion":"meta.k8s.io/v1","columnDefinitions":${columns},"rows":`,
      empty: hasOwnPrinter(resource.kind) ? "[]" : "null",
      item: (entry) =>
        JSON.stringify(
          tableRow(resource.kind, parsed(textInVersion(resource, entry.json)), { include, nowMs }),
        ),
    };
  }
  if (form.as === "PartialObjectMetadataList" || form.as === "PartialObjectMetadata")
    return {
      head: `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","items":`,
      empty: "[]",
      item: (entry) => JSON.stringify(partialMetadata(parsed(entry.json))),
    };
  const kind = JSON.stringify(`${resource.kind.kind}List`);
  return {
    head: `{"kind":${kind},"apiVersion":${JSON.stringify(apiVersionOf(resource))},"items":`,
    empty: "[]",
    item: (entry) => itemText(resource, entry.json),
  };
}

function parsed(text: string): AnyObject {
  return JSON.parse(text) as AnyObject;
}
