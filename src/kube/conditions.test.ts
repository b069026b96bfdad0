import assert from "node:assert/strict";
import { test } from "node:test";
import { Conditions, isFailed, isReady, livingSet } from "./conditions.ts";

const set = livingSet("A", "B");

function statuses(conditions: Conditions): Record<string, string> {
  return Object.fromEntries(conditions.list().map(({ type, status }) => [type, status]));
}

test("conditions begin Unknown, or True where Ready already is", () => {
  assert.deepEqual(statuses(new Conditions(set, undefined)), {
    A: "Unknown",
    B: "Unknown",
    Ready: "Unknown",
  });
  const ready = [{ type: "Ready", status: "True" as const }];
  assert.deepEqual(statuses(new Conditions(set, ready)), { A: "True", B: "True", Ready: "True" });
});

test("Ready is True once all dependents are", () => {
  const conditions = new Conditions(set, undefined);
  conditions.markTrue("A");
  assert.equal(conditions.get("Ready")?.status, "Unknown");
  conditions.markTrue("B");
  assert.equal(conditions.get("Ready")?.status, "True");
});

test("a False dependent trumps an Unknown one, and Ready tells the newest word", () => {
  const conditions = new Conditions(set, undefined);
  conditions.markFalse("A", { reason: "Broken", message: "a" });
  conditions.markUnknown("B", { reason: "Waiting" });
  assert.deepEqual(conditions.get("Ready"), {
    type: "Ready",
    status: "False",
    reason: "Broken",
    message: "a",
  });
  conditions.markTrue("A");
  assert.equal(conditions.get("Ready")?.reason, "Waiting");
});

test("what is no dependent is informational and leaves Ready alone", () => {
  const conditions = new Conditions(set, undefined);
  conditions.markTrue("A");
  conditions.markTrue("B");
  conditions.markFalse("Active", { reason: "NoTraffic" });
  assert.equal(conditions.get("Active")?.severity, "Info");
  assert.equal(conditions.get("Ready")?.status, "True");
});

test("what is not known while another dependent is False leaves Ready False (A-039)", () => {
  const conditions = new Conditions(set, [{ type: "A", status: "False", reason: "Broken" }]);
  conditions.markUnknown("B", { reason: "Waiting", message: "b" });
  assert.deepEqual(conditions.get("Ready"), {
    type: "Ready",
    status: "False",
    reason: "Waiting",
    message: "b",
  });
});

test("Ready counts only for the generation that the status is about (A-044)", () => {
  const object = (status: "True" | "False", observedGeneration: number) => ({
    metadata: { generation: 2 },
    status: { observedGeneration, conditions: [{ type: "Ready", status }] },
  });
  assert.deepEqual([isReady(object("True", 2)), isReady(object("True", 1))], [true, false]);
  assert.deepEqual([isFailed(object("False", 2)), isFailed(object("False", 1))], [true, false]);
  assert.equal(isFailed(object("True", 2)), false);
});
