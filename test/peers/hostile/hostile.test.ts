import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { residentMiB } from "../../../bench/processes.ts";
import { ServiceKind } from "../../../src/api/service/kind.ts";
import {
  addImage,
  type Engine,
  engineUp,
  get,
  program,
  readyUrl,
  removeFolder,
  service,
  temporaryFolder,
  until,
} from "../../support/engine.ts";

/** 10,000 hostile connections of 13 kinds against an engine's data-plane process, while others want to be served. */

/** How many of each; those that cost the most are the fewest. */
const KINDS: Readonly<Record<string, number>> = {
  "h1-silent": 2_000,
  "h1-slow-head": 2_000,
  "h1-long-head": 600,
  "h1-slow-body": 1_000,
  "h1-unread-body": 600,
  "h1-never-reads": 300,
  "h1-pipelines": 200,
  "h2-silent": 2_000,
  "h2-resets": 200,
  "h2-continuations": 500,
  "h2-settings": 300,
  "h2-no-window": 100,
  "h2-unread-bodies": 200,
};
/** What docs/compat.md states. */
const BOUND_MIB = 768;
/** What may stay of it, in terms of the memory before; docs/compat.md states this, too. */
const KEPT_MAX = 1.5;
const LOOK_EVERY_MS = 100;
/** After the last connection was opened. */
const ATTACK_MS = 10_000;
/** Half a minute is enough, where the processor is not wanted by others. */
const CALM_MS = 90_000;
/**
 * While 10,000 come at once the system's queue of connections overflows, and a client that was not let in asks again
 * after 1, 2, 4… s.
 */
const PATIENCE_MS = 20_000;
/** Processes that want each processor; with more nobody knows who made others wait. */
const LOAD_MAX = 4;
/** Connections, those to the application, and some. */
const DESCRIPTORS = 18_000;

const APPLICATION = `
const piece = Buffer.alloc(65536, "a");
const server = require("node:http").createServer({ requestTimeout: 0 }, (request, response) => {
  if (request.url === "/unread") return;
  if (request.url === "/read") return request.resume();
  if (request.url !== "/large") return response.end("small");
  let left = 256;
  const more = () => {
    while (left-- > 0) if (!response.write(piece)) return response.once("drain", more);
    response.end();
  };
  more();
});
server.listen({ port: process.env.PORT, backlog: 4096 });
process.on("SIGTERM", () => process.exit(0));
`;

const folder = temporaryFolder("hostile");
let engine: Engine;

before(async () => {
  engine = await engineUp({ home: join(folder, "home") });
  await addImage(engine.home, "patient", program(folder, APPLICATION));
});

after(async () => {
  await engine.stop();
  removeFolder(folder);
});

async function applied(name: string): Promise<string> {
  const annotations = { "autoscaling.knative.dev/min-scale": "1", "autoscaling.knative.dev/max-scale": "1" };
  const spec = { timeoutSeconds: 10, responseStartTimeoutSeconds: 10 };
  await engine.client.create(ServiceKind, service(name, { image: "patient", annotations, spec }));
  return readyUrl(engine.client, name);
}

/** Where fewer descriptors may be opened, there are fewer of each kind. */
function scale(): number {
  const hard = execFileSync("/bin/sh", ["-c", "ulimit -Hn"], { encoding: "utf8" }).trim();
  return hard === "unlimited" ? 1 : Math.min(1, Number(hard) / DESCRIPTORS);
}

/** How long another client waited for its answer; undefined when it gave up. */
async function ask(url: string): Promise<number | undefined> {
  const askedMs = performance.now();
  const answer = await get(url, { timeoutMs: PATIENCE_MS }).catch(() => undefined);
  if (answer === undefined) return undefined;
  assert.equal(answer.status, 200);
  return performance.now() - askedMs;
}

function startAttack(url: string): ChildProcess {
  const { hostname, port } = new URL(url);
  const wanted = Object.entries(KINDS).map(([kind, count]) => `${kind}=${Math.round(count * scale())}`);
  const attacker = fileURLToPath(new URL("attacker.ts", import.meta.url));
  return spawn(process.execPath, [attacker, port, hostname, ...wanted], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

test("10,000 hostile connections: memory stays within its bound, and others are served", {
  timeout: 300_000,
}, async (context) => {
  const url = await applied("others");
  const target = await applied("target");
  const pid = engine.dataPlanePid();
  for (let asked = 0; asked < 20; asked++) assert.equal((await get(url)).status, 200);
  const beforeMiB = residentMiB([pid]);
  const attack = startAttack(target);
  context.after(() => attack.kill());
  let isOver = false;
  let openCount = 0;
  attack.stdout?.once("data", (count: Buffer) => {
    openCount = Number(count);
    void pause(ATTACK_MS).then(() => {
      isOver = true;
    });
  });
  const waits: number[] = [];
  let peakMiB = 0;
  const looking = setInterval(() => {
    peakMiB = Math.max(peakMiB, residentMiB([pid]));
  }, LOOK_EVERY_MS);
  context.after(() => clearInterval(looking));
  let unanswered = 0;
  while (!isOver) {
    assert.equal(attack.exitCode, null, "the attack has ended too early");
    const waitedMs = await ask(url);
    if (waitedMs === undefined) unanswered++;
    else waits.push(waitedMs);
    await pause(100);
  }
  clearInterval(looking);
  attack.kill();
  let leftMiB = residentMiB([pid]);
  const calmMs = performance.now();
  while (leftMiB > KEPT_MAX * beforeMiB && performance.now() < calmMs + CALM_MS) {
    await ask(url);
    await pause(500);
    leftMiB = residentMiB([pid]);
  }
  const leftAfterS = Math.round((performance.now() - calmMs) / 1_000);
  waits.sort((one, other) => one - other);
  const told = [beforeMiB, peakMiB, leftMiB].map(Math.round);
  const [p50, slowest] = [waits[waits.length >> 1], waits.at(-1)].map((ms) => Math.round(ms ?? 0));
  context.diagnostic(
    `${openCount} open; MiB before, at most, ${leftAfterS} s after: ${told}; ${waits.length} requests of others answered, ${unanswered} not, p50 ${p50} ms, slowest ${slowest} ms`,
  );
  assert.ok(peakMiB <= BOUND_MIB, `${peakMiB} MiB`);
  assert.equal(engine.dataPlanePid(), pid);
  assert.ok(waits.length > 0, "others are served during the attack");
  await until("an answer after the attack", () => ask(url), 3 * PATIENCE_MS);
  const isBusy = (loadavg()[0] ?? 0) > LOAD_MAX * availableParallelism();
  await context.test(
    "and most of it is given back, once the data plane is idle",
    { skip: isBusy && "the machine is too busy for it to become idle" },
    () =>
      assert.ok(leftMiB <= KEPT_MAX * beforeMiB, `${leftMiB} MiB are left, there were ${beforeMiB} before`),
  );
});
