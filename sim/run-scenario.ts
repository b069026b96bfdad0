import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { messageOf } from "../src/base/errors.ts";
import { SLICE_LIMIT_MS } from "../src/base/slice-book.ts";
import { answeredOnce } from "./checkers/answered-once.ts";
import type { Checker } from "./checkers/checker.ts";
import { concurrencyKept } from "./checkers/concurrency.ts";
import { drainedFirst } from "./checkers/drained-first.ts";
import { readyFirst } from "./checkers/ready-first.ts";
import { rightService } from "./checkers/right-service.ts";
import { Stage, StepFailed } from "./commands.ts";
import type { Slice } from "./processor.ts";
import { parseScenario } from "./scenario.ts";
import { statusDisagreements } from "./status-agrees.ts";
import { stormText } from "./storm.ts";
import { World } from "./world.ts";

export interface RunResult {
  readonly scenario: string;
  readonly seed: number;
  /** Every broken promise; empty when all went well. */
  readonly violations: readonly string[];
  /** What clients and applications saw, and what the engine logged. */
  readonly history: string;
  readonly log: readonly string[];
  readonly virtualMs: number;
  /** The longest slice of each process. */
  readonly slices: readonly Slice[];
}

const FOLDER = join(import.meta.dirname, "scenarios");
const CHECKERS: readonly Checker[] = [answeredOnce, concurrencyKept, readyFirst, drainedFirst, rightService];

/** Has no file: each seed makes its own steps. */
const STORM = "storm";

export function scenarioNames(): string[] {
  return [...readdirSync(FOLDER).map((file) => basename(file, ".txt")), STORM].sort();
}

export function scenarioText(scenario: string, seed: number): string {
  return scenario === STORM ? stormText(seed) : readFileSync(join(FOLDER, `${scenario}.txt`), "utf8");
}

/** One scenario with one seed; the same two give the same result. */
export async function runScenario(scenario: string, seed: number): Promise<RunResult> {
  const steps = parseScenario(scenarioText(scenario, seed));
  const world = await World.start(seed);
  const stage = new Stage(world);
  const violations: string[] = [];
  try {
    for (const step of steps) await stage.perform(step);
  } catch (thrown) {
    if (!(thrown instanceof StepFailed)) throw thrown;
    violations.push(thrown.message);
  }
  violations.push(...(await endOf(stage)), ...longSlices(world));
  for (const checker of CHECKERS)
    violations.push(...checker(world.history.entries, { concurrency: stage.concurrency }));
  return {
    scenario,
    seed,
    violations,
    history: world.history.text(),
    log: world.log.lines,
    virtualMs: world.clock.monotonic(),
    slices: [...world.longestSlices.values()],
  };
}

/** Nothing outside the data plane may hold up its process for longer than the limit (DESIGN §4, Slices). */
function longSlices({ longestSlices }: World): string[] {
  const longest = longestSlices.get("control-plane");
  if (!longest || longest.costMs <= SLICE_LIMIT_MS) return [];
  const cost = longest.costMs.toFixed(2);
  return [`${longest.atMs}: a slice of the control plane took ${cost} ms, the limit is ${SLICE_LIMIT_MS}`];
}

/** Longer than any time-out of the engine: what still waits then waits for ever. */
const AFTERMATH_MS = 700_000;

const SETTLED_WITHIN_MS = 60_000;

/** Nothing is asked for any more: what the API says must come to agree with what runs. */
async function whenSettled(world: World): Promise<string[]> {
  const { clock } = world;
  const untilMs = clock.monotonic() + SETTLED_WITHIN_MS;
  for (;;) {
    const disagreements = await clock.until(statusDisagreements(world));
    if (disagreements.length === 0 || clock.monotonic() > untilMs) return disagreements;
    await clock.advance(1_000);
  }
}

/** Stops the engine and names what it left behind. */
async function endOf({ world, clients }: Stage): Promise<string[]> {
  const { clock, network, runtime } = world;
  const left = await whenSettled(world);
  clients.close();
  try {
    await world.stop();
  } catch (thrown) {
    return [...left, `the engine does not stop: ${messageOf(thrown)}`];
  }
  await clock.advance(AFTERMATH_MS);
  if (runtime.alive.length > 0) left.push(`${runtime.alive.length} programs outlive the engine`);
  if (network.openEnds > 0) left.push(`${network.openEnds} ends of connections are left open`);
  if (clock.pending > 0) left.push(`${clock.pending} timers are left`);
  return left;
}
