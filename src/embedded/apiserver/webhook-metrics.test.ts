import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../../sim/virtual-clock.ts";
import { ServiceKind } from "../../api/service/kind.ts";
import { failure } from "../../api/status.ts";
import { metricsText } from "../../base/metrics-text.ts";
import type { AdmissionRequest } from "./admission-port.ts";
import { WebhookMetrics } from "./webhook-metrics.ts";

test("each admission is counted with its kind and operation, and whether it was let through", async () => {
  const all = new WebhookMetrics(new VirtualClock());
  const webhook = all.measured(({ object, dryRun }) => {
    if (dryRun) throw failure(400, "BadRequest", "no");
    return { object, warnings: [] };
  });
  const request = (dryRun: boolean): AdmissionRequest => ({
    operation: "CREATE",
    kind: ServiceKind,
    subresource: "",
    object: { metadata: {} },
    user: "me",
    dryRun,
  });
  await webhook(request(false));
  await webhook(request(false));
  await assert.rejects(async () => webhook(request(true)), /no/);
  const counts = metricsText({ resource: {}, metrics: all.metrics })
    .split("\n")
    .filter((line) => line.startsWith("kn_webhook_handler_duration_seconds_count"));
  assert.match(counts[0] ?? "", /status="success",.*type="CREATE",.*kind="Service".* 2$/);
  assert.match(counts[1] ?? "", /status="failed",.* 1$/);
});
