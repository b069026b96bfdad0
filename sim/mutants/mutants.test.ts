import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { test } from "node:test";
import { MUTANTS } from "./mutants.ts";

/** How many seeds each may need; `npm run sim -- --mutants` tells how many it takes. */
const SEEDS_MAX = 200;

for (const { name } of MUTANTS) {
  test(`the simulation finds the defect ${name} within ${SEEDS_MAX} seeds`, () => {
    const run = resolve(import.meta.dirname, "../run.ts");
    const load = resolve(import.meta.dirname, "load.ts");
    const args = ["--import", load, run, "--seeds", String(SEEDS_MAX), "--fail-fast"];
    const env = { ...process.env, EBB_MUTANT: name };
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: "utf8" });
    assert.equal(status, 1, stderr);
    assert.match(stdout, /^✖ /, stderr);
  });
}
