import { parseArgs } from "node:util";
import { runScenario, scenarioNames } from "./run-scenario.ts";

/**
 * `npm run sim -- --seed N [--seeds COUNT] [--scenario NAME] [--verbose]`: seeds N, N+1, … (default 1), each over every
 * scenario. Exit code 1 when a promise was broken; the line to reproduce it is printed.
 */
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    seeds: { type: "string", default: "1" },
    scenario: { type: "string" },
    /** Prints what clients and applications saw, and the engine's log. */
    verbose: { type: "boolean", default: false },
    /** Ends at the first broken promise. */
    "fail-fast": { type: "boolean", default: false },
  },
});

const names = values.scenario === undefined ? scenarioNames() : [values.scenario];
const unknown = names.find((name) => !scenarioNames().includes(name));
if (unknown !== undefined)
  throw new Error(`no scenario is called ${unknown}; there are ${scenarioNames().join(", ")}`);

const first = Number(values.seed);
const last = first + Number(values.seeds) - 1;
if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last) || last < first)
  throw new Error("--seed and --seeds are whole numbers, --seeds at least 1");

let running = "";
for (const event of ["uncaughtException", "unhandledRejection"]) {
  process.on(event, (thrown: Error) => {
    console.log(`✖ ${running}: the engine threw out of all hands: ${thrown.stack}`);
    process.exit(1);
  });
}

const startedMs = performance.now();
let runs = 0;
let virtualMs = 0;
let broken = 0;

all: for (let seed = first; seed <= last; seed++) {
  for (const name of names) {
    running = `${name}, seed ${seed}`;
    const result = await runScenario(name, seed);
    runs++;
    virtualMs += result.virtualMs;
    if (values.verbose) console.log([...result.log, "", result.history].join("\n"));
    if (result.violations.length === 0) continue;
    broken++;
    console.log(`✖ ${name}, seed ${seed}: npm run sim -- --scenario ${name} --seed ${seed} --verbose`);
    for (const violation of result.violations) console.log(`    ${violation}`);
    if (values["fail-fast"]) break all;
  }
}

const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
const virtual = (virtualMs / 3_600_000).toFixed(1);
console.log(`${runs} runs, ${virtual} hours of virtual time in ${seconds} s; ${broken} broke a promise`);
process.exitCode = broken === 0 ? 0 : 1;
