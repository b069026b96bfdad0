import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type GcConfig, parseGcConfig } from "../../../api/config/gc.ts";
import type { Configuration } from "../../../api/configuration/kind.ts";
import type { Stored } from "../../../api/object.ts";
import type { Revision } from "../../../api/revision/kind.ts";
import { surplusOf } from "./surplus.ts";

const HOUR_MS = 3_600_000;
const NOW_MS = Date.parse("2030-01-10T00:00:00Z");

function revision(
  index: number,
  facts: { createdHoursAgo: number; usedHoursAgo?: number; state?: string; noGc?: string },
): Stored<Revision> {
  const at = (hours: number) => new Date(NOW_MS - hours * HOUR_MS).toISOString();
  const { createdHoursAgo, usedHoursAgo, state = "reserve", noGc } = facts;
  return {
    metadata: {
      name: `hello-${index}`,
      uid: `u${index}`,
      resourceVersion: "1",
      creationTimestamp: at(createdHoursAgo),
      labels: state === "none" ? {} : { "serving.knative.dev/routingState": state },
      annotations: {
        ...(usedHoursAgo === undefined
          ? {}
          : { "serving.knative.dev/routingStateModified": at(usedHoursAgo) }),
        ...(noGc === undefined ? {} : { "serving.knative.dev/no-gc": noGc }),
      },
    },
    spec: { containers: [] },
  };
}

const configuration = {
  metadata: { name: "hello" },
  status: { latestReadyRevisionName: "hello-0" },
} as unknown as Stored<Configuration>;

function namesGoing(gc: Record<string, string>, revisions: readonly Stored<Revision>[]): string[] {
  const surplus = surplusOf(configuration, revisions, { gc: parseGcConfig(gc), nowMs: NOW_MS });
  return surplus.revisions.map(({ metadata }) => metadata.name);
}

/** The latest ready one, and four that are out of use, the oldest first. */
const five = [
  revision(0, { createdHoursAgo: 500 }),
  ...[90, 80, 60, 10].map((hours, index) =>
    revision(index + 1, { createdHoursAgo: hours, usedHoursAgo: hours - 5 }),
  ),
];
const [eager, off] = [{ "min-non-active-revisions": "0" }, "disabled"];

const TABLE: readonly (readonly [string, Record<string, string>, readonly string[]])[] = [
  [
    "both times must be over: 48 h since creation, 15 h since the last use",
    eager,
    ["hello-1", "hello-2", "hello-3"],
  ],
  ["as many as the minimum are kept, the youngest", { "min-non-active-revisions": "3" }, ["hello-1"]],
  ["the default minimum keeps 20", {}, []],
  [
    "a disabled time counts for nothing",
    { ...eager, "retain-since-create-time": off, "retain-since-last-active-time": "80h" },
    ["hello-1"],
  ],
  [
    "with both times disabled only the maximum decides",
    {
      ...eager,
      "retain-since-create-time": off,
      "retain-since-last-active-time": off,
      "max-non-active-revisions": "1",
    },
    ["hello-1", "hello-2", "hello-3"],
  ],
  [
    "with everything disabled nothing goes",
    {
      ...eager,
      "retain-since-create-time": off,
      "retain-since-last-active-time": off,
      "max-non-active-revisions": off,
    },
    [],
  ],
  [
    "no minimum, no maximum and no times: gone at once",
    {
      ...eager,
      "retain-since-create-time": off,
      "retain-since-last-active-time": off,
      "max-non-active-revisions": "0",
    },
    ["hello-1", "hello-2", "hello-3", "hello-4"],
  ],
];

for (const [words, gc, going] of TABLE) test(words, () => assert.deepEqual(namesGoing(gc, five), going));

test("what serves, may serve, is pending, unmarked, protected or the latest ready one stays", () => {
  const at = { createdHoursAgo: 1_000 };
  const kept = [
    revision(0, at),
    revision(1, { ...at, state: "active" }),
    revision(2, { ...at, state: "pending" }),
    revision(3, { ...at, state: "none" }),
    revision(4, { ...at, noGc: "TRUE" }),
  ];
  const free = revision(5, { ...at, noGc: "false" });
  assert.deepEqual(namesGoing(eager, [...kept, free]), ["hello-5"]);
});

const anyRevision = fc.record({
  createdHoursAgo: fc.integer({ min: 0, max: 200 }),
  usedHoursAgo: fc.option(fc.integer({ min: 0, max: 200 }), { nil: undefined }),
  state: fc.constantFrom("reserve", "reserve", "active", "pending"),
});
const limit = fc.option(fc.integer({ min: 0, max: 10 }), { nil: Number.POSITIVE_INFINITY });
const anyGc: fc.Arbitrary<GcConfig> = fc
  .record({ min: fc.integer({ min: 0, max: 10 }), max: limit, created: limit, used: limit })
  .map(({ min, max, created, used }) => ({
    minNonActiveRevisions: min,
    maxNonActiveRevisions: Math.max(min, max),
    retainSinceCreateTimeMs: created * 10 * HOUR_MS,
    retainSinceLastActiveTimeMs: used * 10 * HOUR_MS,
  }));

test("never fewer than the minimum are left, never more than the maximum, and a second look finds nothing", () => {
  fc.assert(
    fc.property(fc.array(anyRevision, { maxLength: 25 }), anyGc, (facts, gc) => {
      const all = facts.map((one, index) =>
        revision(
          index,
          one.usedHoursAgo === undefined
            ? { createdHoursAgo: one.createdHoursAgo, state: one.state }
            : { ...one, usedHoursAgo: one.usedHoursAgo },
        ),
      );
      const { revisions: going, nextMs } = surplusOf(configuration, all, { gc, nowMs: NOW_MS });
      const idle = all.filter(
        ({ metadata }) =>
          metadata.labels?.["serving.knative.dev/routingState"] === "reserve" && metadata.name !== "hello-0",
      );
      assert.ok(going.every((one) => idle.includes(one)));
      const left = idle.length - going.length;
      assert.ok(left >= Math.min(idle.length, gc.minNonActiveRevisions));
      assert.ok(left <= gc.maxNonActiveRevisions);
      const rest = all.filter((one) => !going.includes(one));
      assert.deepEqual(surplusOf(configuration, rest, { gc, nowMs: NOW_MS }).revisions, []);
      if (nextMs === undefined) return;
      assert.ok(nextMs > NOW_MS);
      assert.ok(surplusOf(configuration, rest, { gc, nowMs: nextMs }).revisions.length > 0);
    }),
  );
});
