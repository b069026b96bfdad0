import type { Webhook, WebhookConfiguration } from "../../../api/webhook-configuration/kind.ts";
import { type AdmittedRequest, matchesWebhook } from "../../../api/webhook-configuration/match.ts";
import { LiveCollection } from "../live-collection.ts";
import type { Storage } from "../storage/storage.ts";

const GROUP = "admissionregistration.k8s.io";

/** The webhooks that users have registered, in the order in which they are asked: by configuration, then as listed. */
export class RegisteredWebhooks {
  readonly #mutating = new LiveCollection<WebhookConfiguration>(`mutatingwebhookconfigurations.${GROUP}`);
  readonly #validating = new LiveCollection<WebhookConfiguration>(`validatingwebhookconfigurations.${GROUP}`);

  async start(storage: Storage): Promise<void> {
    await this.#mutating.start(storage);
    await this.#validating.start(storage);
  }

  get isEmpty(): boolean {
    return this.#mutating.isEmpty && this.#validating.isEmpty;
  }

  matching(type: "mutating" | "validating", request: AdmittedRequest): Webhook[] {
    // Nobody can lock everybody out of taking a webhook away again.
    if (request.group === GROUP) return [];
    const configurations = type === "mutating" ? this.#mutating : this.#validating;
    return configurations.all
      .flatMap(({ webhooks = [] }) => webhooks)
      .filter((webhook) => matchesWebhook(webhook, request));
  }
}
