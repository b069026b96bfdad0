import { failure } from "../../../api/status.ts";
import { type AnyObject, isRecord, valueAt } from "../any-object.ts";
import type { Target } from "../context.ts";
import { badRequest, methodNotAllowed, unknownResource } from "../failures.ts";
import { bindPod } from "../verbs/bind.ts";
import { deleteObject } from "../verbs/delete.ts";
import { getObject } from "../verbs/get.ts";
import { decodeJson } from "./body.ts";
import type { ApiResponse, Exchange } from "./exchange.ts";
import { containerOf, respondLog } from "./log-response.ts";
import { respondBuiltIn } from "./respond.ts";
import type { RestContext } from "./rest-context.ts";
import { respondAttach, respondExec, respondPortForward } from "./stream-request.ts";
import { writeOptionsOf } from "./write-options.ts";

/** What a pod has below it beside its status (spec E-213). */
export function onPodSubresource(
  context: RestContext,
  exchange: Exchange,
  { target, subresource }: { readonly target: Target; readonly subresource: string },
): Promise<ApiResponse> {
  switch (subresource) {
    case "log":
      if (exchange.request.method !== "GET") throw methodNotAllowed();
      return respondLog(context, exchange, target);
    case "binding":
      return bind(context, exchange, target);
    case "eviction":
      return evict(context, exchange, target);
    case "exec":
    case "attach":
    case "portforward":
    case "proxy":
    case "resize":
    case "ephemeralcontainers":
      return connect(context, exchange, { target, subresource });
    default:
      throw unknownResource();
  }
}

function bodyOf(exchange: Exchange, kind: string): AnyObject {
  if (exchange.request.method !== "POST") throw methodNotAllowed();
  const body = decodeJson(exchange.request.body);
  if (!isRecord(body)) throw badRequest(`the body is not a ${kind}`);
  return { ...body, metadata: isRecord(body.metadata) ? body.metadata : {} };
}

function succeeded(exchange: Exchange): Promise<ApiResponse> {
  const status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };
  return respondBuiltIn(exchange, 201, status);
}

async function bind(context: RestContext, exchange: Exchange, target: Target): Promise<ApiResponse> {
  const binding = bodyOf(exchange, "Binding");
  const written = await bindPod(context, { target, binding }, writeOptionsOf(exchange, "CreateOptions"));
  await context.storage.whenDurable(written.revision);
  return succeeded(exchange);
}

/** An eviction is a deletion; budgets are stored but nothing here counts against them. */
async function evict(context: RestContext, exchange: Exchange, target: Target): Promise<ApiResponse> {
  const eviction = bodyOf(exchange, "Eviction");
  const grace = valueAt(eviction, ["deleteOptions", "gracePeriodSeconds"]);
  const how = typeof grace === "number" ? { gracePeriodSeconds: grace } : {};
  const written = await deleteObject(context, { target, how }, writeOptionsOf(exchange, "CreateOptions"));
  await context.storage.whenDurable(written.revision);
  return succeeded(exchange);
}

/** Streams into pods are served, other connections and changes of running pods are not. */
async function connect(
  context: RestContext,
  exchange: Exchange,
  { target, subresource }: { readonly target: Target; readonly subresource: string },
): Promise<ApiResponse> {
  const { json } = await getObject(context, target, exchange.caller);
  const pod = JSON.parse(json) as AnyObject;
  if (subresource === "exec" || subresource === "attach") containerOf(exchange.query.get("container"), pod);
  if (!valueAt(pod, ["spec", "nodeName"]))
    throw badRequest(`pod ${target.name} does not have a host assigned`);
  const respond = STREAMS[subresource];
  if (!respond) throw failure(501, "NotImplemented", `ebb does not serve ${subresource} of pods`);
  const podStreams = context.podStreams();
  if (!podStreams) throw failure(503, "ServiceUnavailable", "no node agent serves streams into pods here");
  return respond(podStreams, exchange, pod);
}

const STREAMS: Readonly<Record<string, typeof respondExec | undefined>> = {
  exec: respondExec,
  attach: respondAttach,
  portforward: respondPortForward,
};
