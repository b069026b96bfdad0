import type { Clock } from "../../base/clock.ts";
import { Histogram, SECONDS_BOUNDS } from "../../base/metrics.ts";
import type { AdmissionRequest } from "./admission-port.ts";
import type { Webhook } from "./schema-admission.ts";

/** Time that admission took, by kind and operation (spec M-019); defaulting and validation are one step here. */
export class WebhookMetrics {
  readonly #clock: Clock;
  readonly #durations = new Histogram({
    name: "kn.webhook.handler.duration",
    unit: "s",
    description: "Time that admission of an object took.",
    scope: "knative.dev/pkg/webhook",
    bounds: SECONDS_BOUNDS,
  });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get metrics(): readonly Histogram[] {
    return [this.#durations];
  }

  /** The same webhook, measured. */
  measured(webhook: Webhook): Webhook {
    return async (request) => {
      // Kubernetes' own kinds pass Knative's webhook by.
      if (!request.kind.custom) return webhook(request);
      const startedMs = this.#clock.monotonic();
      let status = "failed";
      try {
        const answer = await webhook(request);
        status = "success";
        return answer;
      } finally {
        this.#note(request, status, (this.#clock.monotonic() - startedMs) / 1000);
      }
    };
  }

  #note({ kind, operation, subresource }: AdmissionRequest, status: string, seconds: number): void {
    const attributes = {
      "kn.webhook.operation.status": status,
      "kn.webhook.operation.type": operation,
      "kn.webhook.resource.group": kind.group,
      "kn.webhook.resource.kind": kind.kind,
      "kn.webhook.resource.version": kind.version,
      "kn.webhook.subresource": subresource,
      "kn.webhook.type": "admission",
    };
    this.#durations.at(attributes).record(seconds);
  }
}
