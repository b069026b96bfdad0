import assert from "node:assert/strict";
import { test } from "node:test";
import type { Condition } from "../api/object.ts";
import { groomStatus } from "./status.ts";

const BEFORE = "2030-01-01T00:00:00Z";
const nowMs = Date.parse("2030-01-01T00:01:00Z");
const NOW = "2030-01-01T00:01:00Z";
type Status = { observedGeneration?: number; conditions: Condition[] };

test("a condition that says what it said keeps its time, all that changed share one instant, sorted by type (A-041, A-034)", () => {
  const previous: Status = {
    observedGeneration: 1,
    conditions: [
      { type: "A", status: "True", lastTransitionTime: BEFORE },
      { type: "B", status: "Unknown", reason: "Waiting", message: "one", lastTransitionTime: BEFORE },
      { type: "Ready", status: "Unknown", reason: "Waiting", lastTransitionTime: BEFORE },
    ],
  };
  const next: Status = {
    conditions: [
      { type: "Ready", status: "True" },
      { type: "B", status: "Unknown", reason: "Waiting", message: "two" },
      { type: "A", status: "True" },
    ],
  };
  const { conditions } = groomStatus(next, previous, { generation: 2, nowMs });
  assert.deepEqual(
    conditions.map(({ type, lastTransitionTime }) => [type, lastTransitionTime]),
    [
      ["A", BEFORE],
      ["B", NOW],
      ["Ready", NOW],
    ],
  );
});

test("a status tells which generation it is about (A-043)", () => {
  const next: Status = { conditions: [] };
  assert.equal(groomStatus(next, undefined, { generation: 7, nowMs }).observedGeneration, 7);
});
