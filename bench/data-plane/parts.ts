import type { BenchOptions } from "../run.ts";
import { type Contender, spent } from "./contender.ts";
import { generate } from "./generators.ts";
import { http2 } from "./http2.ts";
import { idle, start } from "./memory.ts";
import { BODIES, pathOf } from "./nginx.ts";
import { type PartContext, roundsOf } from "./part.ts";
import { alternate, type Row, type Sample } from "./rounds.ts";
import { soak } from "./soak.ts";
import { websocket } from "./websocket.ts";
import { type WrkLoad, wrk } from "./wrk.ts";

interface Part {
  /** Whether it measures the contenders that parts share; others have their own. */
  readonly shared: boolean;
  run(context: PartContext): Promise<readonly Row[]>;
}

/** One table each. */
export const PARTS: Readonly<Record<string, Part>> = {
  connections: { shared: true, run: connections },
  bodies: { shared: true, run: bodies },
  rate: { shared: true, run: rate },
  websocket: { shared: false, run: websocket },
  http2: { shared: false, run: http2 },
  idle: { shared: false, run: idle },
  start: { shared: false, run: start },
  soak: { shared: false, run: soak },
};

/** What shows within seconds that the bench works. */
export const SMOKE: readonly string[] = ["connections"];

/** Each number of connections, and for how many seconds: most where an aim is. A part takes 4 minutes at the most. */
const CONNECTION_SECONDS: Readonly<Record<string, number>> = { "1": 1, "32": 2, "256": 1 };

/** A small answer at 1, 32 and 256 connections. */
async function connections({ contenders, options }: PartContext): Promise<readonly Row[]> {
  await warmUp(contenders, options);
  return alternate(contenders, {
    rounds: roundsOf(options),
    cases: options.connections ?? (options.smoke ? ["32"] : Object.keys(CONNECTION_SECONDS)),
    measure: (contender, count) => {
      const seconds = options.smoke ? 1 : (CONNECTION_SECONDS[count] ?? 1);
      return load(contender, { connections: Number(count), seconds });
    },
  });
}

/** Of few and large answers there must be enough for a percentile. */
const BODY_SECONDS: Readonly<Record<string, number>> = { "1 MiB": 2 };

/** Answers of 0 B, 10 KiB and 1 MiB at 32 connections. */
async function bodies({ contenders, options }: PartContext): Promise<readonly Row[]> {
  await warmUp(contenders, options);
  return alternate(contenders, {
    rounds: roundsOf(options),
    cases: options.smoke ? ["10 KiB"] : Object.keys(BODIES),
    measure: (contender, body) =>
      load(contender, { connections: 32, seconds: BODY_SECONDS[body] ?? 1, path: pathOf(body) }),
  });
}

const RATE = 2_000;

/** An open loop: requests start when they are due, whatever became of those before; latency counts from then. */
async function rate({ contenders, options }: PartContext): Promise<readonly Row[]> {
  await warmUp(contenders, options);
  const seconds = options.smoke ? 1 : 3;
  return alternate(contenders, {
    rounds: roundsOf(options),
    cases: [`${RATE}/s`],
    measure: async (contender) => {
      let report = { requests: 0, p50Ms: 0, p99Ms: 0, p999Ms: 0, generatorLateMs: 0 };
      const { cpuMs } = await spent(contender, async () => {
        report = await generate("open-loop.mjs", contender, [RATE, seconds, 64]);
      });
      const { requests, ...figures } = report;
      return { cpuUs: (cpuMs * 1000) / requests, ...figures };
    },
  });
}

/** The compiler's time is not what is measured. */
async function warmUp(contenders: readonly Contender[], { smoke }: BenchOptions): Promise<void> {
  if (smoke) return;
  for (const contender of contenders) await wrk(contender, { connections: 32, seconds: 2 });
}

async function load(contender: Contender, work: WrkLoad): Promise<Sample> {
  let report = { requests: 0, seconds: 0, p50Ms: 0, p99Ms: 0, p999Ms: 0 };
  const { cpuMs, kernelMs, rssMiB } = await spent(contender, async () => {
    report = await wrk(contender, work);
  });
  return {
    requestsPerSecond: Math.round(report.requests / report.seconds),
    cpuUs: (cpuMs * 1000) / report.requests,
    kernelUs: (kernelMs * 1000) / report.requests,
    p50Ms: report.p50Ms,
    p99Ms: report.p99Ms,
    p999Ms: report.p999Ms,
    rssMiB,
  };
}
