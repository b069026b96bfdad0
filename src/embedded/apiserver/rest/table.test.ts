import assert from "node:assert/strict";
import { test } from "node:test";
import { RevisionKind } from "../../../api/revision/kind.ts";
import { tableRow } from "./table.ts";

test("a revision's row names its configuration and generation, which are labels with dots in their names", () => {
  const labels = {
    "serving.knative.dev/configuration": "hello",
    "serving.knative.dev/configurationGeneration": "3",
  };
  const status = {
    conditions: [{ type: "Ready", status: "True" }],
    actualReplicas: 1,
    desiredReplicas: 2,
  };
  const revision = { metadata: { name: "hello-00003", namespace: "default", labels }, spec: {}, status };
  const row = tableRow(RevisionKind, revision as never, { include: "None", nowMs: 0 });
  assert.deepEqual(row, { cells: ["hello-00003", "hello", "3", "True", null, 1, 2], object: null });
});
