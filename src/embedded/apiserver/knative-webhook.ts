import { admit } from "../../api/admission/admit.ts";
import { AdmissionDenied } from "../../api/admission/request.ts";
import { configMapRefusal } from "../../api/config/admit-config-map.ts";
import type { Config } from "../../api/config/config.ts";
import type { ConfigMap } from "../../api/config-map/kind.ts";
import { failure } from "../../api/status.ts";
import type { AdmissionAnswer, AdmissionRequest } from "./admission-port.ts";
import type { AnyObject } from "./any-object.ts";
import type { Cause } from "./failures.ts";
import type { Webhook } from "./schema-admission.ts";

const SYSTEM_NAMESPACE = "knative-serving";

/**
 * Knative's webhooks as the API server asks them: its kinds by the configuration in force, and its ConfigMaps by their
 * parsers. Refusals become the API's own.
 */
export function knativeWebhook(config: () => Config): Webhook {
  return (request) => {
    if (request.kind.group === "" && request.kind.plural === "configmaps") return checkSystemConfig(request);
    if (!request.kind.custom || request.operation === "DELETE")
      return { object: request.object, warnings: [] };
    return admitted(request, config());
  };
}

function admitted(request: AdmissionRequest, config: Config): AdmissionAnswer {
  const { kind, object, oldObject, operation, subresource, user, dryRun, hasServiceAccount, suffix } =
    request;
  try {
    const result = admit({
      kind,
      operation,
      object,
      ...(oldObject === undefined ? {} : { oldObject }),
      subresource,
      user: { username: user },
      config,
      dryRun,
      ...(hasServiceAccount === undefined ? {} : { hasServiceAccount }),
      ...(suffix === undefined ? {} : { suffix }),
    });
    return { object: result.object as AnyObject, warnings: result.warnings };
  } catch (thrown) {
    if (!(thrown instanceof AdmissionDenied)) throw thrown;
    request.warnings?.push(...thrown.warnings);
    throw refusal(request, thrown);
  }
}

function refusal({ kind, object }: AdmissionRequest, denied: AdmissionDenied) {
  if (denied.code !== 422) return failure(denied.code, denied.reason, denied.message);
  const { name = "" } = object.metadata;
  return failure(422, denied.reason, {
    message: denied.message,
    details: {
      ...(name === "" ? {} : { name }),
      ...(kind.group === "" ? {} : { group: kind.group }),
      kind: kind.kind,
      causes: causesIn(denied.message),
    },
  });
}

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^Invalid value: "[a-z]+": .* in body must be of type /, "FieldValueTypeInvalid"],
  [/^Required value/, "FieldValueRequired"],
  [/^Unsupported value/, "FieldValueNotSupported"],
  [/^Duplicate value/, "FieldValueDuplicate"],
  [/^Forbidden/, "FieldValueForbidden"],
];

/** The single errors of `… is invalid: [a.b: Required value, c: Invalid value: …]`. */
function causesIn(message: string): Cause[] {
  const text = message.slice(message.indexOf(" is invalid: ") + " is invalid: ".length);
  const inner = text.startsWith("[") ? text.slice(1, -1) : text;
  const border = /, (?=[\w.[\]-]+: (?:Required|Invalid|Unsupported|Duplicate) value|[\w.[\]-]+: Forbidden)/;
  return inner.split(border).map((part) => {
    const colon = part.indexOf(": ");
    const field = part.slice(0, colon);
    const what = part.slice(colon + 2);
    const reason = REASONS.find(([pattern]) => pattern.test(what))?.[1] ?? "FieldValueInvalid";
    return { reason, message: what, field };
  });
}

/** A ConfigMap of the system that no component could read is refused before anybody reads it. */
function checkSystemConfig({ object, operation }: AdmissionRequest): AdmissionAnswer {
  const isSystem = object.metadata.namespace === SYSTEM_NAMESPACE && operation !== "DELETE";
  const refusal = isSystem ? configMapRefusal(object as ConfigMap) : undefined;
  if (refusal !== undefined) throw failure(400, "BadRequest", refusal);
  return { object, warnings: [] };
}
