import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Engine, engineUp, removeFolder, temporaryFolder } from "../support/engine.ts";
import { BUILD_TIMEOUT_MS, runGo, skipWithoutGo } from "../support/go.ts";
import { run } from "../support/run.ts";

/** A program written with client-go, as controllers and operators are, against the whole engine. */

const CHECKS = 14;
const folder = temporaryFolder("client-go");
let engine: Engine;

describe("client-go", { skip: skipWithoutGo, timeout: BUILD_TIMEOUT_MS }, () => {
  before(
    async () => {
      await runGo("build", "-ldflags=-s -w", `-o=${folder}/client-go`, "./client-go");
      engine = await engineUp({ home: join(folder, "home") });
    },
    { timeout: BUILD_TIMEOUT_MS },
  );

  after(async () => {
    await engine?.stop();
    removeFolder(folder);
  });

  test("each check of the program passes", async (context) => {
    const env = { KUBECONFIG: engine.ready.kubeconfig, HOME: folder };
    const { code, stdout, stderr } = await run(join(folder, "client-go"), [], { env });
    const lines = stdout.trimEnd().split("\n").filter(Boolean);
    const results = lines.map((line) => JSON.parse(line) as { name: string; failure?: string });
    for (const { name, failure } of results)
      await context.test(name, () => assert.equal(failure ?? "passed", "passed"));
    const passed = results.filter(({ failure }) => failure === undefined).length;
    context.diagnostic(`client-go: ${passed} passed, ${results.length - passed} failed, 0 skipped`);
    assert.deepEqual([code, results.length], [0, CHECKS], stderr.slice(-2_000));
  });
});
