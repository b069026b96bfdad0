import { execFile, spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../ports.ts";
import { type Contender, HERE, spent, untilListens } from "./contender.ts";
import { LOAD } from "./generators.ts";
import { startHaproxy } from "./haproxy.ts";
import { queueProxyPlans, startsOf, withContenders } from "./own-contenders.ts";
import { DIST, type PartContext, roundsOf } from "./part.ts";
import { alternate, type Row, type Sample } from "./rounds.ts";

const APP = [process.execPath, join(LOAD, "grpc-app.mjs")];
/** Of one client each with ten streams at a time. */
const CONNECTIONS = 8;
const STREAMS = 10;
/** An empty message. */
const GRPC_REQUEST = Buffer.from([0, 0, 0, 0, 0]);

/** HTTP/2 with prior knowledge on both sides of each proxy: GET, and gRPC unary calls, whose trailers must arrive. */
export async function http2({ options, work }: PartContext): Promise<readonly Row[]> {
  if (spawnSync("which", ["h2load"]).status !== 0)
    return [{ contender: "none", case: "h2load is not installed" }];
  const message = join(work, "grpc-request");
  writeFileSync(message, GRPC_REQUEST);
  const app = await startApp();
  const starts = [
    async () => app,
    () => startHaproxy(work, app.port, { http2: true }),
    ...startsOf(queueProxyPlans(options, DIST), work, APP),
  ];
  const seconds = options.smoke ? 1 : 3;
  const measure = (contender: Contender, kind: string) =>
    load(contender, { seconds, work, body: kind === "grpc" ? message : undefined });
  return withContenders(starts, async (contenders) => {
    if (!options.smoke) for (const contender of contenders) await measure(contender, "grpc");
    return alternate(contenders, { rounds: roundsOf(options), cases: ["h2c", "grpc"], measure });
  });
}

async function startApp(): Promise<Contender> {
  const port = await freePort();
  const [command = "", ...args] = APP;
  const child = spawn(command, args, {
    env: { PATH: process.env.PATH, PORT: String(port) },
    stdio: ["ignore", "ignore", "inherit"],
  });
  await untilListens("the gRPC application", port);
  const stop = () => void child.kill("SIGKILL");
  return { name: "direct", port, inside: HERE, pids: () => [child.pid ?? 0], stop };
}

interface H2Load {
  readonly seconds: number;
  readonly work: string;
  readonly body: string | undefined;
}

async function load(contender: Contender, { seconds, work, body }: H2Load): Promise<Sample> {
  mkdirSync(work, { recursive: true });
  const log = join(work, "h2load.log");
  writeFileSync(log, "");
  const grpc = body ? ["-d", body, "-H", "content-type: application/grpc", "-H", "te: trailers"] : [];
  const url = `http://127.0.0.1:${contender.port}/bench.Echo/Unary`;
  const args = [`-c${CONNECTIONS}`, `-m${STREAMS}`, "-t1", `-D${seconds}`, `--log-file=${log}`, ...grpc, url];
  const [command = "h2load", ...rest] = [...contender.inside, "h2load", ...args];
  let text = "";
  const { cpuMs, rssMiB } = await spent(contender, async () => {
    text = (await promisify(execFile)(command, rest)).stdout;
  });
  const [, succeeded = "0", failed = "0"] = /(\d+) succeeded, (\d+) failed/.exec(text) ?? [];
  if (Number(failed) > 0 || Number(succeeded) === 0)
    throw new Error(`requests to ${contender.name} failed:\n${text}`);
  const requests = Number(succeeded);
  return {
    requestsPerSecond: Math.round(requests / seconds),
    cpuUs: (cpuMs * 1000) / requests,
    ...latencies(readFileSync(log, "utf8")),
    rssMiB,
  };
}

/** Lines of start, status and microseconds. */
function latencies(log: string): Sample {
  const sorted = Float64Array.from(
    log.split("\n").flatMap((line) => {
      const [, status, us] = line.split("\t");
      return status === "200" ? [Number(us) / 1000] : [];
    }),
  ).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999) };
}
