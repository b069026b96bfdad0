import {
  duplicate,
  type FieldCause,
  forbidden,
  invalidValue,
  required,
  unsupported,
} from "../field-cause.ts";
import { dns1123SubdomainErrors } from "../syntax.ts";
import type { Webhook, WebhookConfiguration, WebhookRule } from "./kind.ts";

const OPERATIONS = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const TIMEOUT_MAX_SECONDS = 30;

export function webhookCauses({ webhooks = [] }: WebhookConfiguration): FieldCause[] {
  const names = new Set<string>();
  return webhooks.flatMap((webhook, index) => {
    const at = `webhooks[${index}]`;
    const causes = [...nameCauses(webhook.name, `${at}.name`), ...ownCauses(webhook, at)];
    if (names.has(webhook.name)) causes.push(duplicate(`${at}.name`, webhook.name));
    names.add(webhook.name);
    return causes;
  });
}

function nameCauses(name: string | undefined, field: string): FieldCause[] {
  if (!name) return [required(field)];
  const problems = dns1123SubdomainErrors(name);
  if (problems.length > 0) return problems.map((problem) => invalidValue(field, name, problem));
  return name.split(".").length < 3
    ? [invalidValue(field, name, "should be a domain with at least three segments separated by dots")]
    : [];
}

function ownCauses(webhook: Webhook, at: string): FieldCause[] {
  const {
    rules = [],
    failurePolicy,
    sideEffects,
    timeoutSeconds = 0,
    admissionReviewVersions = [],
  } = webhook;
  const causes: FieldCause[] = [];
  if (admissionReviewVersions.length === 0)
    causes.push(required(`${at}.admissionReviewVersions`, "must specify one of v1, v1beta1"));
  else if (!admissionReviewVersions.some((version) => version === "v1" || version === "v1beta1"))
    causes.push(
      invalidValue(
        `${at}.admissionReviewVersions`,
        admissionReviewVersions,
        "must include at least one of v1, v1beta1",
      ),
    );
  causes.push(...rules.flatMap((rule, index) => ruleCauses(rule, `${at}.rules[${index}]`)));
  if (failurePolicy !== "Fail" && failurePolicy !== "Ignore")
    causes.push(unsupported(`${at}.failurePolicy`, failurePolicy, ["Fail", "Ignore"]));
  if (sideEffects === undefined)
    causes.push(required(`${at}.sideEffects`, "must specify one of None, NoneOnDryRun"));
  else if (sideEffects !== "None" && sideEffects !== "NoneOnDryRun")
    causes.push(unsupported(`${at}.sideEffects`, sideEffects, ["None", "NoneOnDryRun"]));
  if (timeoutSeconds < 1 || timeoutSeconds > TIMEOUT_MAX_SECONDS)
    causes.push(
      invalidValue(
        `${at}.timeoutSeconds`,
        timeoutSeconds,
        "the timeout value must be between 1 and 30 seconds",
      ),
    );
  causes.push(...clientCauses(webhook, `${at}.clientConfig`));
  return [
    ...causes,
    ...(webhook.matchConditions ?? []).map((_, index) => unanswered(`${at}.matchConditions[${index}]`)),
  ];
}

/** A condition that is passed over would let the webhook see, or miss, what its author did not mean. */
function unanswered(field: string): FieldCause {
  return forbidden(
    field,
    "expressions (CEL) are not evaluated here: narrow the webhook by rules, namespaceSelector or objectSelector, " +
      "and leave the rest to the webhook itself",
  );
}

function ruleCauses(rule: WebhookRule, at: string): FieldCause[] {
  const causes: FieldCause[] = [];
  for (const field of ["apiGroups", "apiVersions", "resources", "operations"] as const)
    if ((rule[field] ?? []).length === 0) causes.push(required(`${at}.${field}`));
  for (const [index, operation] of (rule.operations ?? []).entries())
    if (!OPERATIONS.includes(operation))
      causes.push(unsupported(`${at}.operations[${index}]`, operation, OPERATIONS));
  return causes;
}

function clientCauses({ clientConfig = {} }: Webhook, at: string): FieldCause[] {
  const { url, service } = clientConfig;
  if ((url === undefined) === (service === undefined))
    return [required(at, "exactly one of url or service is required")];
  if (service) {
    return (["name", "namespace"] as const).flatMap((field) =>
      service[field] ? [] : [required(`${at}.service.${field}`, `service ${field} is required`)],
    );
  }
  return url?.startsWith("https://")
    ? []
    : [
        invalidValue(
          `${at}.url`,
          url,
          "'https' is the only allowed URL scheme; desired format: https://host[/path]",
        ),
      ];
}
