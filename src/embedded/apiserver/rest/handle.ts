import { apiVersionOf, type Kind } from "../../../api/kind.ts";
import { authorize } from "../access/authorize.ts";
import { callerOf, type Identity, ImpersonationError } from "../access/identity.ts";
import type { AnyObject } from "../any-object.ts";
import type { Written } from "../commit.ts";
import type { Target } from "../context.ts";
import { methodNotAllowed, notFound, unknownResource } from "../failures.ts";
import type { Resource } from "../resources.ts";
import { createObject } from "../verbs/create.ts";
import { deleteObject } from "../verbs/delete.ts";
import { finalizeNamespace } from "../verbs/finalize.ts";
import { getObject } from "../verbs/get.ts";
import { listEntries } from "../verbs/list.ts";
import { updateStatus } from "../verbs/status.ts";
import { requireVersion, updateObject } from "../verbs/update.ts";
import { type Form, formOf } from "./accept.ts";
import { type Address, addressOf } from "./address.ts";
import { decodeObject, requestInJson } from "./body.ts";
import { deleteOptionsOf } from "./delete-options.ts";
import { type ApiRequest, type ApiResponse, type Exchange, exchangeOf } from "./exchange.ts";
import { checkGetVersion, flagOf } from "./list-options.ts";
import { filterFrom, respondList } from "./list-response.ts";
import { objectText, textInVersion } from "./object-text.ts";
import { respondToOther } from "./other-paths.ts";
import { patchRequested } from "./patch-request.ts";
import { onPodSubresource } from "./pod-subresources.ts";
import {
  respondBuiltIn,
  respondJson,
  respondPlain,
  respondText,
  respondToFailure,
  tellRefusal,
} from "./respond.ts";
import type { RestContext } from "./rest-context.ts";
import { respondReview, respondToken } from "./review-request.ts";
import { onScale } from "./scale-request.ts";
import { columnDefinitions, includeObjectOf, partialMetadata, tableOfOne, tableRow } from "./table.ts";
import { toStored, viewedBefore } from "./viewed-body.ts";
import { respondWatch } from "./watch-response.ts";
import { writeOptionsOf } from "./write-options.ts";

/** One request, from address to answer: who asks, what it names, which verb, in which form. */

type ResourceAddress = Extract<Address, { type: "resource" }>;

export async function handleRequest(
  context: RestContext,
  request: ApiRequest,
  identity: Identity,
): Promise<ApiResponse> {
  let exchange = exchangeOf(request, { name: "", groups: [], inside: false });
  try {
    exchange = exchangeOf(request, await callerOf(identity, request.headers, context.authorizer));
    const address = addressOf(exchange.path, context.resources);
    await authorize(exchange, address, context.authorizer);
    exchange = { ...exchange, request: await requestInJson(request) };
    if (address.type === "review") return await respondReview(context, exchange, address);
    if (address.type === "unknown-resource") throw unknownResource();
    if (address.type === "other") return await respondToOther(context, exchange);
    if (address.resource.collection === "endpoints")
      exchange.warnings.push("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice");
    return await dispatch(context, exchange, address);
  } catch (thrown) {
    if (thrown instanceof ImpersonationError)
      return respondPlain(
        500,
        `Internal Server Error: ${JSON.stringify(exchange.path)}: ${thrown.message}\n`,
      );
    tellRefusal(context.log, exchange, thrown);
    return respondToFailure(exchange, thrown, context.log);
  }
}

function dispatch(context: RestContext, exchange: Exchange, address: ResourceAddress): Promise<ApiResponse> {
  if (address.subresource !== "") return onSubresource(context, exchange, address);
  return address.name === "" || address.watch
    ? onCollection(context, exchange, address)
    : onObject(context, exchange, address);
}

async function onCollection(
  context: RestContext,
  exchange: Exchange,
  address: ResourceAddress,
): Promise<ApiResponse> {
  switch (exchange.request.method) {
    case "GET": {
      const watching = address.watch || flagOf(exchange.query.get("watch"));
      const { kind } = address.resource;
      const offer = { watching, protobuf: hasProtobuf(kind) };
      const form = formOf(exchange.request.headers.accept, kind.custom, offer);
      if (watching) return respondWatch(context, exchange, { address, form });
      return respondList(context, exchange, { address, form });
    }
    case "POST":
      return create(context, exchange, address);
    case "DELETE":
      return deleteCollection(context, exchange, address);
    default:
      throw methodNotAllowed();
  }
}

async function onObject(
  context: RestContext,
  exchange: Exchange,
  address: ResourceAddress,
): Promise<ApiResponse> {
  const target = targetOf(address);
  switch (exchange.request.method) {
    case "GET":
      checkGetVersion(exchange.query, context.storage.sequenced);
      return get(context, exchange, address);
    case "PUT":
      return put(context, exchange, target);
    case "PATCH":
      return patchAt(context, exchange, address);
    case "DELETE":
      return remove(context, exchange, address);
    default:
      throw methodNotAllowed();
  }
}

async function onSubresource(
  context: RestContext,
  exchange: Exchange,
  address: ResourceAddress,
): Promise<ApiResponse> {
  const { kind } = address.resource;
  const { subresource } = address;
  if (subresource === "status" && kind.statusSubresource) return onStatus(context, exchange, address);
  if (subresource === "scale" && kind.scaleSubresource) return onScale(context, exchange, targetOf(address));
  if (subresource === "finalize" && address.resource.collection === "namespaces") {
    if (exchange.request.method !== "PUT") throw methodNotAllowed();
    const { object } = await decodeObject(exchange, address.resource);
    const options = writeOptionsOf(exchange, "UpdateOptions");
    const request = { target: targetOf(address), object };
    return respondWritten(context, exchange, {
      written: await finalizeNamespace(context, request, options),
      address,
    });
  }
  if (subresource === "token" && address.resource.collection === "serviceaccounts")
    return respondToken(context, exchange, targetOf(address));
  if (address.resource.collection === "pods")
    return onPodSubresource(context, exchange, { target: targetOf(address), subresource });
  throw kind.custom ? notFound(address.resource, address.name) : unknownResource();
}

async function onStatus(
  context: RestContext,
  exchange: Exchange,
  address: ResourceAddress,
): Promise<ApiResponse> {
  const target = targetOf(address);
  switch (exchange.request.method) {
    case "GET":
      return get(context, exchange, address);
    case "PUT": {
      const options = writeOptionsOf(exchange, "UpdateOptions");
      const { object } = await decodeObject(exchange, target.resource);
      requireVersion(context, target, object);
      return respondWritten(context, exchange, {
        written: await updateStatus(context, { target, object }, options),
        address,
      });
    }
    case "PATCH":
      return patchAt(context, exchange, address);
    default:
      throw methodNotAllowed();
  }
}

async function get(context: RestContext, exchange: Exchange, address: ResourceAddress): Promise<ApiResponse> {
  const entry = await getObject(context, targetOf(address), exchange.caller);
  return respondObject(context, exchange, { address, status: 200, text: entry.json });
}

/** PATCH of an object or of its status. */
async function patchAt(
  context: RestContext,
  exchange: Exchange,
  address: ResourceAddress,
): Promise<ApiResponse> {
  const subresource = address.subresource === "status" ? "status" : "";
  const written = await patchRequested(context, exchange, { target: targetOf(address), subresource });
  return respondWritten(context, exchange, { written, address });
}

async function create(
  context: RestContext,
  exchange: Exchange,
  address: ResourceAddress,
): Promise<ApiResponse> {
  const { resource, namespace } = address;
  if (resource.kind.namespaced && namespace === "") throw methodNotAllowed();
  const options = writeOptionsOf(exchange, "CreateOptions");
  const decoded = await decodeObject(exchange, resource);
  const { object, duplicates } = toStored(context, { resource, operation: "create", ...decoded }, options);
  const stored = context.resources.storedAs(resource);
  const written = await createObject(context, { resource: stored, namespace, object, duplicates }, options);
  return respondWritten(context, exchange, { written, address });
}

/** Kinds that a PUT makes when they are missing (spec E-200 with errata). */
const CREATED_BY_PUT = new Set([
  "services",
  "endpoints",
  "events",
  "leases.coordination.k8s.io",
  "roles.rbac.authorization.k8s.io",
  "rolebindings.rbac.authorization.k8s.io",
  "clusterroles.rbac.authorization.k8s.io",
  "clusterrolebindings.rbac.authorization.k8s.io",
]);

async function put(context: RestContext, exchange: Exchange, target: Target): Promise<ApiResponse> {
  const options = writeOptionsOf(exchange, "UpdateOptions");
  const decoded = await decodeObject(exchange, target.resource);
  const before = await viewedBefore(context, target);
  const given = { resource: target.resource, operation: "update" as const, before, ...decoded };
  const { object, duplicates } = toStored(context, given, options);
  const address = { ...target, subresource: "", type: "resource" as const, watch: false };
  const resource = context.resources.storedAs(target.resource);
  if (object.metadata.name === undefined && !resource.kind.custom) object.metadata.name = target.name;
  const missing = context.storage.revisionOf({ collection: resource.collection, ...target }) === 0;
  if (missing && CREATED_BY_PUT.has(resource.collection)) {
    delete object.metadata.resourceVersion;
    const request = { resource, namespace: target.namespace, object, duplicates };
    return respondWritten(context, exchange, {
      written: await createObject(context, request, options),
      address,
    });
  }
  const stored = { ...target, resource };
  const written = await updateObject(context, { target: stored, object, duplicates }, options);
  return respondWritten(context, exchange, { written, address });
}

/** Kinds whose DELETE answers with the object even when it is gone (spec E-209 with errata). */
const SHOWN_WHEN_DELETED = new Set([
  "pods",
  "services",
  "serviceaccounts",
  "resourcequotas",
  "persistentvolumeclaims",
]);

async function remove(
  context: RestContext,
  exchange: Exchange,
  address: ResourceAddress,
): Promise<ApiResponse> {
  const { how, options } = await deleteOptionsOf(exchange);
  const shown = targetOf(address);
  const target = { ...shown, resource: context.resources.storedAs(shown.resource) };
  const written = await deleteObject(context, { target, how }, options);
  if (!written.removed || SHOWN_WHEN_DELETED.has(target.resource.collection))
    return respondWritten(context, exchange, { written, address });
  await context.storage.whenDurable(written.revision);
  const { uid } = written.object.metadata;
  const group = shown.resource.group === "" ? {} : { group: shown.resource.group };
  const details = { name: target.name, ...group, kind: target.resource.plural, uid };
  const status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
  return respondAs(exchange, shown.resource, status);
}

async function deleteCollection(
  context: RestContext,
  exchange: Exchange,
  address: ResourceAddress,
): Promise<ApiResponse> {
  const { resource } = address;
  if (resource.collection === "namespaces" || (resource.kind.namespaced && address.namespace === ""))
    throw methodNotAllowed();
  const { how, options } = await deleteOptionsOf(exchange);
  const filter = filterFrom(exchange, address);
  const items: unknown[] = [];
  for await (const page of listEntries(context, { resource, filter, at: context.storage.sequenced })) {
    for (const { key, json } of page) {
      const stored = context.resources.storedAs(resource);
      const target = { resource: stored, namespace: key.namespace, name: key.name };
      await deleteObject(context, { target, how }, options);
      // The answer lists what was found, not what became of it.
      const object = JSON.parse(textInVersion(resource, json)) as AnyObject;
      const { kind: _, apiVersion: __, ...rest } = object;
      items.push(resource.kind.custom ? object : rest);
    }
  }
  await context.storage.whenDurable(context.storage.sequenced);
  const list = {
    kind: `${resource.kind.kind}List`,
    apiVersion: apiVersionOf(resource),
    metadata: {
      ...(resource.kind.custom ? { continue: "" } : {}),
      resourceVersion: String(context.storage.sequenced),
    },
    items,
  };
  return respondAs(exchange, resource, list);
}

/** Of a built-in kind's answers protobuf is one form. */
function respondAs(exchange: Exchange, { kind }: Resource, body: unknown): Promise<ApiResponse> {
  return hasProtobuf(kind) ? respondBuiltIn(exchange, 200, body) : respondJson(exchange, 200, body);
}

async function respondWritten(
  context: RestContext,
  exchange: Exchange,
  { written, address }: { readonly written: Written; readonly address: ResourceAddress },
): Promise<ApiResponse> {
  await context.storage.whenDurable(written.revision);
  const text = written.text ?? unstoredText(context, written, address);
  return respondObject(context, exchange, { address, status: written.created ? 201 : 200, text });
}

/** What an answer shows of an object that was not stored as it is shown: of a dry run, or of one that went. */
function unstoredText(context: RestContext, written: Written, address: ResourceAddress): string {
  const stored = context.resources.storedAs(address.resource);
  const object = withoutDryRunVersion(written.object, written);
  return objectText({ ...stored, version: stored.kind.version }, object);
}

/** A new object of a dry run has no resourceVersion. */
function withoutDryRunVersion(object: AnyObject, written: Written): AnyObject {
  if (!written.created || written.revision !== 0) return object;
  const { resourceVersion: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

async function respondObject(
  context: RestContext,
  exchange: Exchange,
  answer: { readonly address: ResourceAddress; readonly status: number; readonly text: string },
): Promise<ApiResponse> {
  const { resource } = answer.address;
  const offer = { protobuf: hasProtobuf(resource.kind) };
  const form: Form = formOf(exchange.request.headers.accept, resource.kind.custom, offer);
  const text = textInVersion(resource, answer.text);
  if (form.as === "Table") {
    const object = JSON.parse(text) as AnyObject;
    const include = includeObjectOf(exchange.query.get("includeObject"));
    const row = tableRow(resource.kind, object, { include, nowMs: context.clock.wall() });
    const table = tableOfOne(object.metadata.resourceVersion, columnDefinitions(resource.kind), row);
    return respondText(exchange, { status: answer.status, text: JSON.stringify(table), form });
  }
  if (form.as === "PartialObjectMetadata")
    return respondText(exchange, {
      status: answer.status,
      text: JSON.stringify(partialMetadata(JSON.parse(text) as AnyObject)),
      form,
    });
  return respondText(exchange, { status: answer.status, text, form });
}

/** Custom resources have none; that of their definitions is not in the table of messages. */
function hasProtobuf({ custom, plural }: Kind): boolean {
  return !custom && plural !== "customresourcedefinitions";
}

function targetOf({ resource, namespace, name }: ResourceAddress): Target {
  return { resource, namespace, name };
}
