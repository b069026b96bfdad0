import { spawn } from "node:child_process";
import { join } from "node:path";
import { freePort } from "../ports.ts";
import { type Contender, HERE, spent, untilListens } from "./contender.ts";
import { type Generated, generate, LOAD } from "./generators.ts";
import { startHaproxy } from "./haproxy.ts";
import { queueProxyPlans, startsOf, withContenders } from "./own-contenders.ts";
import { DIST, type PartContext, roundsOf } from "./part.ts";
import { alternate, type Row, type Sample } from "./rounds.ts";

const ECHO = [process.execPath, join(LOAD, "websocket-echo.mjs")];
const CONNECTIONS = 32;

/** Echo of 64-byte frames on 32 WebSockets; a "request" is a frame there and back. */
export async function websocket({ options, work }: PartContext): Promise<readonly Row[]> {
  const app = await startEcho();
  const starts = [
    async () => app,
    () => startHaproxy(work, app.port),
    ...startsOf(queueProxyPlans(options, DIST), work, ECHO),
  ];
  const seconds = options.smoke ? 1 : 3;
  const measure = (contender: Contender) => echo(contender, seconds);
  return withContenders(starts, async (contenders) => {
    if (!options.smoke) for (const contender of contenders) await measure(contender);
    return alternate(contenders, { rounds: roundsOf(options), cases: [`${CONNECTIONS} echo`], measure });
  });
}

async function startEcho(): Promise<Contender> {
  const port = await freePort();
  const [command = "", ...args] = ECHO;
  const child = spawn(command, args, {
    env: { PATH: process.env.PATH, PORT: String(port) },
    stdio: ["ignore", "ignore", "inherit"],
  });
  await untilListens("the echo", port);
  const stop = () => void child.kill("SIGKILL");
  return { name: "direct", port, inside: HERE, pids: () => [child.pid ?? 0], stop };
}

async function echo(contender: Contender, seconds: number): Promise<Sample> {
  let report: Generated = { requests: 0, p50Ms: 0, p99Ms: 0, p999Ms: 0 };
  const { cpuMs, rssMiB } = await spent(contender, async () => {
    report = await generate("websocket-load.mjs", contender, [seconds, CONNECTIONS]);
  });
  const { requests, p50Ms, p99Ms, p999Ms } = report;
  const cpuUs = (cpuMs * 1000) / requests;
  return { requestsPerSecond: Math.round(requests / seconds), cpuUs, p50Ms, p99Ms, p999Ms, rssMiB };
}
