import { spawn } from "node:child_process";
import { connect } from "node:net";
import { setImmediate as nextTurn, setTimeout as wait } from "node:timers/promises";
import { buildApp } from "./app.ts";
import {
  addImage,
  callApi,
  createService,
  type Engine,
  newHome,
  removeHome,
  setConfig,
  startEngine,
  until,
} from "./engine.ts";
import { freePort } from "./ports.ts";
import { processesOfService } from "./processes.ts";
import type { BenchOptions } from "./run.ts";
import { rounded, type Summary, summary } from "./statistics.ts";

/**
 * From a request to its first byte when no process of the service exists, beside the same program spawned bare. The
 * two alternate, and so do the packages when several are compared. Several services take turns, so that one goes to
 * zero while others are asked.
 */
export async function run({ smoke, app: given, runs: wanted, packages }: BenchOptions): Promise<unknown> {
  const runs = wanted ?? (smoke ? 2 : 50);
  const app = buildApp(given);
  const contenders: Contender[] = [];
  try {
    for (const [index, folder] of (packages ?? [undefined]).entries())
      contenders.push(
        await prepare(folder, { appPath: app.path, count: Math.min(runs, SERVICE_COUNT), index }),
      );
    const bare: number[] = [];
    for (let index = 0; index < runs; index++) {
      for (const contender of contenders) {
        const name = contender.names[index % contender.names.length] ?? "";
        await untilAtZero(contender.engine, name);
        bare.push(await bareStart(app.path));
        await wait(PAUSE_MS);
        contender.cold.push(await coldRequest(contender.engine, name));
      }
    }
    const measured = contenders.map(({ folder, cold }) => ({ folder, ...figures(cold, bare) }));
    return {
      app: app.language,
      unit: "ms",
      bareSpawnToFirstByte: summary(bare),
      ...(packages ? { packages: measured } : measured[0]),
    };
  } finally {
    for (const { engine } of contenders) {
      await engine.stop();
      removeHome(engine.home);
    }
  }
}

interface Contender {
  readonly folder?: string;
  readonly engine: Engine;
  readonly names: readonly string[];
  readonly cold: number[];
}

/** An engine with services that all want to be at zero, of names that no other engine here has. */
async function prepare(
  folder: string | undefined,
  { appPath, count, index }: { appPath: string; count: number; index: number },
): Promise<Contender> {
  const home = newHome();
  addImage(home, { name: IMAGE, path: appPath, folder });
  const engine = await startEngine(home, folder);
  const names = Array.from({ length: count }, (_, number) => `cold-${index}-${number}`);
  await setConfig(engine, "config-autoscaler", FAST_TO_ZERO);
  for (const name of names) await createService(engine, { name, image: IMAGE });
  return { ...(folder === undefined ? {} : { folder }), engine, names, cold: [] };
}

const IMAGE = "bench/hello";
const SERVICE_COUNT = 10;
const PAUSE_MS = 100;
const FAST_TO_ZERO = {
  "stable-window": "6s",
  "scale-to-zero-grace-period": "1s",
  "scale-to-zero-pod-retention-period": "0s",
};

function figures(cold: number[], bare: number[]): Record<string, Summary | number> {
  const [ofCold, ofBare] = [summary(cold), summary(bare)];
  return {
    requestToFirstByte: ofCold,
    addedP50: rounded(ofCold.p50 - ofBare.p50),
    addedP99OverBareP50: rounded(ofCold.p99 - ofBare.p50),
  };
}

/** No pod in the API and no process on the machine. */
async function untilAtZero(engine: Engine, name: string): Promise<void> {
  const path = `/api/v1/namespaces/default/pods?labelSelector=serving.knative.dev%2Fservice%3D${name}`;
  await until(`${name} is at zero`, async () => {
    const pods = (await callApi(engine, { method: "GET", path })) as { items: unknown[] };
    return pods.items.length === 0 && processesOfService(name).length === 0;
  });
}

async function coldRequest(engine: Engine, name: string): Promise<number> {
  const { port } = new URL(engine.gateway);
  const started = performance.now();
  const head = await firstBytes(Number(port), `${name}.default.localhost`);
  const took = performance.now() - started;
  if (!head.startsWith("HTTP/1.1 200"))
    throw new Error(`the cold request of ${name} was answered: ${head.slice(0, 300)}`);
  return took;
}

/** Spawns the program as a shell would and asks it until it answers; nothing stands between. */
async function bareStart(path: string): Promise<number> {
  const port = await freePort();
  const started = performance.now();
  const child = spawn(path, [], { env: { PATH: process.env.PATH, PORT: String(port) }, stdio: "ignore" });
  try {
    for (;;) {
      const head = await firstBytes(port, "bare").catch(() => "");
      if (head !== "") return performance.now() - started;
      if (performance.now() - started > 10_000) throw new Error(`${path} did not answer within 10 s`);
      await nextTurn();
    }
  } finally {
    child.kill("SIGKILL");
  }
}

function firstBytes(port: number, host: string): Promise<string> {
  return new Promise((done, fail) => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    socket.once("connect", () =>
      socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`),
    );
    socket.once("error", fail);
    socket.once("close", () => fail(new Error("closed without an answer")));
    socket.once("data", (chunk) => {
      done(chunk.toString("latin1"));
      socket.destroy();
    });
  });
}
