import { parseArgs } from "node:util";
import { runScenario, scenarioNames, scenarioText } from "./run-scenario.ts";

/**
 * `npm run sim -- --seed N [--seeds COUNT] [--scenario NAME | --all] [--verbose]`: seeds N, N+1, … (default 1), each
 * over the scenario that falls to it, over NAME, or over every one. Exit code 1 when a promise was broken; the line
 * that reproduces it is printed.
 */
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    seeds: { type: "string", default: "1" },
    scenario: { type: "string" },
    all: { type: "boolean", default: false },
    /** Prints what clients and applications saw, and the engine's log. */
    verbose: { type: "boolean", default: false },
    /** Ends at the first broken promise. */
    "fail-fast": { type: "boolean", default: false },
  },
});

const first = Number(values.seed);
const count = Number(values.seeds);
if (!Number.isSafeInteger(first) || !Number.isSafeInteger(count) || first < 0 || count < 1)
  throw new Error("--seed is a whole number, --seeds at least 1");

process.exitCode = await runSeeds();

async function runSeeds(): Promise<number> {
  const startedMs = performance.now();
  let runs = 0;
  let virtualMs = 0;
  let broken = 0;
  for (const { name, seed } of chosenRuns()) {
    const command = `npm run sim -- --scenario ${name} --seed ${seed} --verbose`;
    const stopListening = onEscaped((thrown) => {
      console.log(`✖ ${name}, seed ${seed}: ${command}\n    thrown out of all hands: ${thrown.stack}`);
      process.exit(1);
    });
    const result = await runScenario(name, seed);
    stopListening();
    runs++;
    virtualMs += result.virtualMs;
    if (values.verbose)
      console.log([scenarioText(name, seed), "", ...result.log, "", result.history].join("\n"));
    if (result.violations.length === 0) continue;
    broken++;
    console.log([`✖ ${name}, seed ${seed}: ${command}`, ...result.violations].join("\n    "));
    if (values["fail-fast"]) break;
  }
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  const virtual = (virtualMs / 3_600_000).toFixed(1);
  console.log(`${runs} runs, ${virtual} hours of virtual time in ${seconds} s; ${broken} broke a promise`);
  return broken === 0 ? 0 : 1;
}

function* chosenRuns(): Generator<{ name: string; seed: number }> {
  const known = scenarioNames();
  if (values.scenario !== undefined && !known.includes(values.scenario))
    throw new Error(`no scenario is called ${values.scenario}; there are ${known.join(", ")}`);
  for (let seed = first; seed < first + count; seed++) {
    const its = known[seed % known.length] as string;
    const names = values.all ? known : [values.scenario ?? its];
    for (const name of names) yield { name, seed };
  }
}

/** What nobody awaits is a broken promise too. */
function onEscaped(listener: (thrown: Error) => void): () => void {
  process.on("uncaughtException", listener);
  process.on("unhandledRejection", listener);
  return () => {
    process.off("uncaughtException", listener);
    process.off("unhandledRejection", listener);
  };
}
