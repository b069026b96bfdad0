import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { seededRandom } from "../../src/base/random.ts";
import { FuzzedServer, TARGETS } from "./api-targets.ts";
import { mutate } from "./mutate.ts";

/**
 * `node test/fuzz/run.ts [--ms 60000] [--target NAME] [--seed N] [--keep]`: feeds the API server with changed inputs
 * for so long for each target. An input whose answer is of a new kind joins the pool, so that the search goes on from
 * there; `--keep` writes the pool to test/corpus/api-fuzz.json, which CI replays.
 */
const CORPUS = new URL("../corpus/api-fuzz.json", import.meta.url);

/** Inputs by target, as Latin-1 texts. */
export type Corpus = Record<string, string[]>;

export function readCorpus(): Corpus {
  return JSON.parse(readFileSync(CORPUS, "utf8")) as Corpus;
}

/** The shortest of them: CI replays all of them each time. */
function kept(pool: readonly string[]): string[] {
  return [...pool].sort((left, right) => left.length - right.length).slice(0, KEPT_MAX);
}

const KEPT_MAX = 25;

export interface Finding {
  readonly target: string;
  readonly input: string;
  readonly problem: string;
}

export interface FuzzOptions {
  readonly target: string;
  readonly ms: number;
  readonly seed: number;
  readonly corpus: readonly string[];
}

export interface Fuzzed {
  readonly runs: number;
  /** The pool: one input for each kind of answer. */
  readonly pool: readonly string[];
  readonly findings: readonly Finding[];
}

/** Kept inputs first, then changed ones until the time is over; at most three findings. */
export async function fuzz({ target: name, ms, seed, corpus }: FuzzOptions): Promise<Fuzzed> {
  const target = TARGETS[name];
  if (!target) throw new Error(`no target ${name}: ${Object.keys(TARGETS).join(", ")}`);
  const server = new FuzzedServer();
  await server.start();
  const random = seededRandom(seed);
  const draw = (below: number) => Math.floor(random.next() * below);
  const pool: Buffer[] = [];
  const signatures = new Set<string>();
  const findings: Finding[] = [];
  let runs = 0;
  const feed = async (input: Buffer) => {
    runs++;
    const { signature, problem } = await server.judge(target, input);
    if (problem !== undefined) findings.push({ target: name, input: input.toString("latin1"), problem });
    if (signatures.has(signature)) return;
    signatures.add(signature);
    pool.push(input);
  };
  for (const text of [...target.seeds, ...corpus]) await feed(Buffer.from(text, "latin1"));
  const end = performance.now() + ms;
  while (performance.now() < end && findings.length < 3) {
    const pick = () => pool[draw(pool.length)] ?? Buffer.alloc(0);
    await feed(mutate(pick(), pick(), draw));
  }
  await server.stop();
  return { runs, pool: pool.map((input) => input.toString("latin1")), findings };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      ms: { type: "string", default: "60000" },
      target: { type: "string" },
      seed: { type: "string", default: "1" },
      keep: { type: "boolean", default: false },
    },
  });
  const corpus = readCorpus();
  for (const target of values.target === undefined ? Object.keys(TARGETS) : [values.target]) {
    const options = {
      target,
      ms: Number(values.ms),
      seed: Number(values.seed),
      corpus: corpus[target] ?? [],
    };
    const { runs, pool, findings } = await fuzz(options);
    console.log(`${target}: ${runs} inputs, ${pool.length} kinds of answers, ${findings.length} findings`);
    for (const finding of findings) console.log(JSON.stringify(finding));
    corpus[target] = kept(pool);
  }
  if (values.keep) writeFileSync(CORPUS, `${JSON.stringify(corpus, null, 1)}\n`);
}
