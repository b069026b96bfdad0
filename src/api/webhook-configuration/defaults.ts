import type { Webhook, WebhookConfiguration } from "./kind.ts";

const TIMEOUT_SECONDS = 10;
const HTTPS_PORT = 443;

/** Fills in what Kubernetes does; `mutates`: the configuration is of webhooks that change objects. */
export function defaultWebhooks({ webhooks }: WebhookConfiguration, mutates: boolean): void {
  for (const webhook of webhooks ?? []) {
    defaultWebhook(webhook);
    if (mutates) webhook.reinvocationPolicy ??= "Never";
  }
}

function defaultWebhook(webhook: Webhook): void {
  webhook.failurePolicy ??= "Fail";
  webhook.matchPolicy ??= "Equivalent";
  webhook.namespaceSelector ??= {};
  webhook.objectSelector ??= {};
  webhook.timeoutSeconds ??= TIMEOUT_SECONDS;
  for (const rule of webhook.rules ?? []) rule.scope ??= "*";
  const { service } = webhook.clientConfig ?? {};
  if (service) service.port ??= HTTPS_PORT;
}
