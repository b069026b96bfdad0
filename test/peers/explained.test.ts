import assert from "node:assert/strict";
import { test } from "node:test";
import { structureExplained } from "../support/explained.ts";

const HEADING = "GROUP:  apps\nKIND:  Deployment\nVERSION:  v1\n";

test("what explain printed is the same when only descriptions differ", () => {
  const text = (about: string, each: string) =>
    `${HEADING}\nFIELD: strategy <DeploymentStrategy>\n\n\nDESCRIPTION:\n    ${about}\n\nFIELDS:\n` +
    `  rollingUpdate\t<RollingUpdateDeployment>\n    ${each}\n\n  type\t<string> -required-\n` +
    `  enum: Recreate, RollingUpdate\n    ${each}\n\n`;
  const long = structureExplained(
    text("How pods are replaced.\n    enum: said of it", "One\n\n    Two\n     - `a`"),
  );
  assert.deepEqual(long, structureExplained(text("<empty>", "<no description>")));
  assert.deepEqual(long, [
    ...HEADING.trimEnd().split("\n"),
    "FIELD: strategy <DeploymentStrategy>",
    "DESCRIPTION:",
    "FIELDS:",
    "  rollingUpdate\t<RollingUpdateDeployment>",
    "  type\t<string> -required-",
    "  enum: Recreate, RollingUpdate",
  ]);
});

test("another type, demand, value, order or depth of a field is a difference", () => {
  const of = (...lines: string[]) => structureExplained(`${HEADING}FIELDS:\n${lines.join("\n")}\n`);
  const fields = ["  a\t<Object>", "    b\t<string>", "    enum: X, Y"];
  const others = [
    ["  a\t<[]Object>", ...fields.slice(1)],
    ["  a\t<Object> -required-", ...fields.slice(1)],
    [...fields.slice(0, 2), "    enum: X"],
    fields.slice(0, 2),
    ["    b\t<string>", "    enum: X, Y", "  a\t<Object>"],
    ["  a\t<Object>", "  b\t<string>", "    enum: X, Y"],
  ];
  for (const other of others) assert.notDeepEqual(of(...other), of(...fields));
});

test("the values of a field that is explained alone are compared", () => {
  const of = (value: string) =>
    structureExplained(`${HEADING}FIELD: phase <string>\nENUM:\n    ${value}\n\nDESCRIPTION:\n`);
  assert.deepEqual(of("Failed").at(-2), "    Failed");
  assert.notDeepEqual(of("Failed"), of("Running"));
});
