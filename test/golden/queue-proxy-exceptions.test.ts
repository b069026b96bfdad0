import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { goldenFolder } from "../support/golden.ts";
import { CASES } from "./queue-proxy.exceptions.ts";

const path = join(goldenFolder, "queue-proxy.jsonl");
const skip = existsSync(path) ? false : `no recorded cases at ${path}: set EBB_GOLDEN to their folder`;

test("each exception is allowed for what the case itself says of it", { skip }, (context) => {
  const lines = readFileSync(path, "utf8").trim().split("\n");
  const cases: { id: string; quirk?: string }[] = lines.map((line) => JSON.parse(line));
  const isQuirk = new Map(cases.map(({ id, quirk }) => [id, quirk !== undefined]));
  const counts: string[] = [];
  for (const [allowance, reasons] of Object.entries(CASES)) {
    const ids = Object.values(reasons).flatMap((listed) => listed.split(" "));
    counts.push(`${ids.length} ${allowance}`);
    for (const id of ids) assert.equal(isQuirk.get(id), allowance === "quirk", `${id} as ${allowance}`);
  }
  context.diagnostic(`queue-proxy.jsonl, what allows the exceptions: ${counts.join(", ")}`);
});
