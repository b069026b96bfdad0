import assert from "node:assert/strict";
import { test } from "node:test";
import { runScenario, scenarioNames } from "./run-scenario.ts";

const SEEDS = [1, 2, 3];

for (const name of scenarioNames()) {
  test(`scenario ${name} keeps every promise with seeds ${SEEDS.join(", ")}`, async () => {
    for (const seed of SEEDS) {
      const { violations } = await runScenario(name, seed);
      assert.deepEqual(violations, [], `npm run sim -- --scenario ${name} --seed ${seed} --verbose`);
    }
  });
}

test("the same seed gives the same run, another seed another one", async () => {
  const first = await runScenario("burst", 7);
  const again = await runScenario("burst", 7);
  assert.equal(again.history, first.history);
  assert.deepEqual(again.log, first.log);
  assert.notEqual((await runScenario("burst", 8)).history, first.history);
});
