import { ApiError, failure } from "../../../api/status.ts";
import type { Webhook } from "../../../api/webhook-configuration/kind.ts";
import type { AdmittedRequest } from "../../../api/webhook-configuration/match.ts";
import { messageOf } from "../../../base/errors.ts";
import { copyJson } from "../../../base/json.ts";
import type { AdmissionAnswer } from "../admission-port.ts";
import { type AnyObject, isRecord, sameJson } from "../any-object.ts";
import type { ServerContext } from "../context.ts";
import { applyJsonPatch } from "../patch/json-patch.ts";
import type { Admitting } from "./admitting.ts";
import { reviewOf } from "./review.ts";

/** Admission as a whole: users' mutating webhooks, the server's own rules, users' validating webhooks (spec E-211). */

export async function admitThrough(context: ServerContext, admitting: Admitting): Promise<AdmissionAnswer> {
  const { request } = admitting;
  if (context.webhooks.isEmpty) return context.admission.admit(request);
  const warnings: string[] = [];
  const object =
    request.operation === "DELETE" ? request.object : await mutated(context, admitting, warnings);
  const answer = await context.admission.admit({ ...request, object });
  const seen = { ...admitting, request: { ...request, object: answer.object } };
  const asked = context.webhooks.matching("validating", requestOf(context, seen));
  await Promise.all(asked.map((webhook) => ask(context, webhook, { admitting: seen, warnings })));
  return { object: answer.object, warnings: [...warnings, ...answer.warnings] };
}

/** The object as the mutating webhooks leave it, one after the other; some want to see it once more at the end. */
async function mutated(context: ServerContext, admitting: Admitting, warnings: string[]): Promise<AnyObject> {
  const { request } = admitting;
  const asked = context.webhooks.matching("mutating", requestOf(context, admitting));
  let object = request.object;
  let isChanged = false;
  const changedAfter = new Map<Webhook, AnyObject>();
  const askAll = async (webhooks: readonly Webhook[]) => {
    for (const webhook of webhooks) {
      const seen = { ...admitting, request: { ...request, object } };
      const patch = await ask(context, webhook, { admitting: seen, warnings });
      if (patch !== undefined) {
        object = patched(webhook, object, patch);
        isChanged = true;
      }
      changedAfter.set(webhook, copyJson(object));
    }
  };
  await askAll(asked);
  const wishes = asked.filter(
    (webhook) => webhook.reinvocationPolicy === "IfNeeded" && !sameJson(changedAfter.get(webhook), object),
  );
  await askAll(wishes);
  if (isChanged) admitting.again?.(object);
  return object;
}

function patched(webhook: Webhook, object: AnyObject, patch: unknown): AnyObject {
  try {
    const result = applyJsonPatch(object, patch);
    if (isRecord(result) && isRecord(result.metadata)) return result as AnyObject;
  } catch (thrown) {
    throw failure(500, "InternalError", `Internal error occurred: ${messageOf(thrown)}`);
  }
  throw failure(
    500,
    "InternalError",
    `Internal error occurred: the patch of webhook ${webhook.name} leaves no object`,
  );
}

function requestOf(context: ServerContext, { request, target }: Admitting): AdmittedRequest {
  const { resource, namespace } = target;
  const { operation, subresource, object, oldObject } = request;
  const labelsOf = (one: AnyObject | undefined) => one?.metadata.labels ?? {};
  return {
    operation,
    group: resource.group,
    version: resource.version,
    resource: resource.plural,
    subresource,
    namespaced: resource.kind.namespaced,
    labels: operation === "UPDATE" ? [labelsOf(object), labelsOf(oldObject)] : [labelsOf(object)],
    namespaceLabels:
      resource.collection === "namespaces"
        ? labelsOf(object)
        : resource.kind.namespaced
          ? context.namespaces.labelsOf(namespace)
          : undefined,
  };
}

interface Asking {
  readonly admitting: Admitting;
  /** Takes what the webhook warns of. */
  readonly warnings: string[];
}

const DEFAULT_TIMEOUT_SECONDS = 10;

/** What one webhook answers: its patch, if any. Throws when it refuses, and when it fails and must not. */
async function ask(
  context: ServerContext,
  webhook: Webhook,
  { admitting, warnings }: Asking,
): Promise<unknown> {
  const { timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = webhook;
  const late = new AbortController();
  const timer = context.clock.schedule(timeoutSeconds * 1000, () => late.abort());
  const uid = context.random.uuid();
  try {
    const body = JSON.stringify(reviewOf(admitting, uid));
    const how = { timeoutSeconds, signal: late.signal };
    const text = await context.webhookCaller.call(webhook.clientConfig, body, how);
    return judged(webhook, JSON.parse(text), { uid, warnings });
  } catch (thrown) {
    if (thrown instanceof ApiError) throw thrown;
    const why = `failed calling webhook "${webhook.name}": failed to call webhook: ${messageOf(thrown)}`;
    context.log.warn("a webhook could not be asked", { webhook: webhook.name, why });
    if (webhook.failurePolicy === "Ignore") return undefined;
    const message = `Internal error occurred: ${why}`;
    throw failure(500, "InternalError", { message, details: { causes: [{ message: why }] } });
  } finally {
    timer.cancel();
  }
}

interface Judged {
  readonly uid: string;
  readonly warnings: string[];
}

function judged(webhook: Webhook, review: unknown, { uid, warnings }: Judged): unknown {
  const response = isRecord(review) && isRecord(review.response) ? review.response : undefined;
  if (!response) throw new Error("webhook response was absent");
  if (response.uid !== uid) throw new Error(`expected response.uid="${uid}"`);
  if (Array.isArray(response.warnings)) warnings.push(...response.warnings.map(String));
  if (response.allowed !== true) throw denial(webhook, isRecord(response.status) ? response.status : {});
  if (typeof response.patch !== "string" || response.patch === "") return undefined;
  if (response.patchType !== "JSONPatch") throw new Error(`unsupported patch type ${response.patchType}`);
  return JSON.parse(Buffer.from(response.patch, "base64").toString("utf8"));
}

function denial({ name }: Webhook, status: Record<string, unknown>): ApiError {
  const denied = `admission webhook "${name}" denied the request`;
  const why = status.message || status.reason;
  const code = Math.max(Number(status.code ?? 0), 400);
  const reason = typeof status.reason === "string" ? status.reason : "";
  return failure(code, reason, why ? `${denied}: ${why}` : `${denied} without explanation`);
}
