import { firstOf } from "../../../api/annotation.ts";
import type { ResourceList } from "../../../api/container.ts";
import type { Stored } from "../../../api/object.ts";
import type { Revision } from "../../../api/revision/kind.ts";
import {
  compareQuantities,
  parseQuantity,
  quantityMilliValue,
  quantityText,
} from "../../../base/quantity.ts";
import { servingOf } from "./serving.ts";
import type { RevisionSettings } from "./settings.ts";

/** What the queue-proxy may use: the cluster's values, a share of the user's, then the annotations' (spec Q-007). */

const PREFIX = "queue.sidecar.serving.knative.dev/";
const PERCENTAGE = [`${PREFIX}resource-percentage`, `${PREFIX}resourcePercentage`];

/** A share is kept within these. */
const BOUNDS = {
  requests: { cpu: ["25m", "100m"], memory: ["50Mi", "200Mi"] },
  limits: { cpu: ["40m", "500m"], memory: ["200Mi", "500Mi"] },
} as const;

export function queueResources(revision: Stored<Revision>, settings: RevisionSettings) {
  const { annotations = {} } = revision.metadata;
  const requests: ResourceList = { ...settings.queueRequests, ...sharesOf(revision, "requests") };
  const limits: ResourceList = { ...settings.queueLimits, ...sharesOf(revision, "limits") };
  for (const resource of ["cpu", "memory", "ephemeral-storage"]) {
    const request = annotations[`${PREFIX}${resource}-resource-request`];
    const limit = annotations[`${PREFIX}${resource}-resource-limit`];
    if (request !== undefined) requests[resource] = request;
    if (limit !== undefined) limits[resource] = limit;
  }
  return { requests, ...(Object.keys(limits).length > 0 ? { limits } : {}) };
}

function sharesOf(revision: Stored<Revision>, kind: "requests" | "limits"): ResourceList {
  const percentage = Number(firstOf(revision.metadata.annotations, PERCENTAGE) ?? Number.NaN);
  if (!(percentage > 0)) return {};
  const given = servingOf(revision.spec).container.resources?.[kind] ?? {};
  const shares: ResourceList = {};
  for (const resource of ["cpu", "memory"] as const) {
    const whole = parseQuantity(String(given[resource] ?? "0"));
    const milli = Math.trunc((Number(quantityMilliValue(whole)) * percentage) / 100);
    if (whole.nanos !== 0n) shares[resource] = within(BOUNDS[kind][resource], milli);
  }
  return shares;
}

function within([least, most]: readonly [string, string], milli: number): string {
  const share = { nanos: BigInt(milli) * 1_000_000n, format: "BinarySI" as const };
  if (compareQuantities(share, parseQuantity(least)) < 0) return least;
  return compareQuantities(share, parseQuantity(most)) > 0 ? most : quantityText(share);
}
