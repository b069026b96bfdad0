import assert from "node:assert/strict";
import { test } from "node:test";
import { TARGETS } from "./fuzz/api-targets.ts";
import { fuzz, readCorpus } from "./fuzz/run.ts";

/** How long each target is fuzzed beyond the kept inputs; `node test/fuzz/run.ts` goes on for longer. */
const MS = Number(process.env.EBB_FUZZ_MS ?? "400");

const corpus = readCorpus();

for (const target of Object.keys(TARGETS))
  test(`whatever bytes come, the API server answers soon and stays whole: ${target}`, async (context) => {
    const seed = Date.now() % 1_000_000;
    const { runs, findings } = await fuzz({ target, ms: MS, seed, corpus: corpus[target] ?? [] });
    context.diagnostic(`${target}: ${runs} inputs (seed ${seed})`);
    assert.deepEqual(findings, []);
  });
