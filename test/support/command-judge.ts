import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import { type RecordedCommand, type ReplayOptions, replayScenario } from "./command-replay.ts";
import { goldenFolder, judgeGolden, type Verdict } from "./golden.ts";
import { type RecordedCluster, recordedCluster } from "./recorded-cluster.ts";

export interface CommandJudgement {
  readonly file: string;
  readonly about: string;
  readonly exceptions: Readonly<Record<string, string>>;
  /** Why the program is not there; false when it is. */
  readonly skip: string | false;
  readonly timeoutMs?: number;
  /** The folder in which kubectl or kn lies. */
  programs(): Promise<string>;
}

/** Scenarios at the same time: commands wait more than they work. */
const LANES = 3;

/** Judges every command of a recorded file; scenarios run side by side, the commands of one in order. */
export function judgeCommands({ file, exceptions, skip, programs, ...named }: CommandJudgement): void {
  let cluster: RecordedCluster | undefined;
  let runs: Map<string, Promise<Map<string, Verdict>>> | undefined;
  const start = async () => {
    cluster = await recordedCluster();
    return startScenarios(file, exceptions, { kubeconfig: cluster.kubeconfig, programs: await programs() });
  };
  let starting: ReturnType<typeof start> | undefined;
  judgeGolden<RecordedCommand>({
    file,
    exceptions,
    skip,
    ...named,
    async judge({ id, scenario }) {
      starting ??= start();
      runs ??= await starting;
      return (await runs.get(scenario))?.get(id);
    },
  });
  after(() => cluster?.stop());
}

function startScenarios(
  file: string,
  exceptions: CommandJudgement["exceptions"],
  options: { kubeconfig: string; programs: string },
): Map<string, Promise<Map<string, Verdict>>> {
  const path = join(goldenFolder, file);
  const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
  const commands = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as RecordedCommand);
  const lanes: Promise<unknown>[] = Array.from({ length: LANES }, () => Promise.resolve());
  const runs = new Map<string, Promise<Map<string, Verdict>>>();
  for (const [index, [scenario, group]] of [
    ...Map.groupBy(commands, (recorded) => recorded.scenario),
  ].entries()) {
    const lane = index % LANES;
    const run = (lanes[lane] as Promise<unknown>).then(() => judgedByPlays(group, exceptions, options));
    // A scenario that breaks fails its own commands, not those of the next one.
    lanes[lane] = run.catch(() => {});
    runs.set(scenario, run);
  }
  return runs;
}

const PLAYS = 3;

/** A scenario with an unexpected difference is played again: only what differs in every play is told. */
async function judgedByPlays(
  commands: readonly RecordedCommand[],
  exceptions: CommandJudgement["exceptions"],
  options: ReplayOptions,
): Promise<Map<string, Verdict>> {
  const isExpected = (id: string) => exceptions[id] !== undefined;
  let differences = await replayScenario(commands, options);
  for (let play = 1; play < PLAYS && ![...differences.keys()].every(isExpected); play++) {
    const again = await replayScenario(commands, options);
    differences = new Map([...again].filter(([id]) => differences.has(id)));
  }
  return differences;
}
