/** Which webhooks are asked about a request (spec E-211). */
import { type LabelSelector, selects } from "../label-selector.ts";
import type { Webhook, WebhookRule } from "./kind.ts";

export interface AdmittedRequest {
  readonly operation: "CREATE" | "UPDATE" | "DELETE";
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespaced: boolean;
  /** Labels of the object, and of the old one of an update or delete. */
  readonly labels: readonly Readonly<Record<string, string>>[];
  /** Of the object's namespace, of the object itself when it is a namespace; undefined = cluster-wide. */
  readonly namespaceLabels: Readonly<Record<string, string>> | undefined;
}

export function matchesWebhook(webhook: Webhook, request: AdmittedRequest): boolean {
  return (
    (webhook.rules ?? []).some((rule) => matchesRule(rule, request)) &&
    matchesNamespace(webhook.namespaceSelector, request) &&
    request.labels.some((labels) => selects(webhook.objectSelector ?? {}, labels))
  );
}

function matchesNamespace(
  selector: LabelSelector | undefined,
  { namespaceLabels }: AdmittedRequest,
): boolean {
  return namespaceLabels === undefined || selects(selector ?? {}, namespaceLabels);
}

function matchesRule(rule: WebhookRule, request: AdmittedRequest): boolean {
  const scope = request.namespaced ? "Namespaced" : "Cluster";
  return (
    has(rule.operations, request.operation) &&
    has(rule.apiGroups, request.group) &&
    has(rule.apiVersions, request.version) &&
    (rule.resources ?? []).some((resource) => matchesResource(resource, request)) &&
    (rule.scope === undefined || rule.scope === "*" || rule.scope === scope)
  );
}

function has(list: readonly string[] | undefined, value: string): boolean {
  return list !== undefined && (list.includes("*") || list.includes(value));
}

function matchesResource(pattern: string, { resource, subresource }: AdmittedRequest): boolean {
  const [name = "", below = ""] = pattern.split("/");
  if (pattern === "*/*") return true;
  return (name === "*" || name === resource) && (below === "*" || below === subresource);
}
