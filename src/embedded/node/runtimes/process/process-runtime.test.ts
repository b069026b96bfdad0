import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { until } from "../../../../../test/support/until.ts";
import { systemClock } from "../../../../base/clock.ts";
import { silentLog } from "../../../../base/log.ts";
import { runFiles } from "../../pod-folder.ts";
import { type ContainerStart, type Exit, type RunId, runText } from "../../runtime.ts";
import { MemoryLimits } from "./memory-limits.ts";
import { isSameProcess } from "./process-facts.ts";
import { ProcessRuntime } from "./process-runtime.ts";

const root = mkdtempSync(join(tmpdir(), "ebb-runtime-"));
after(() => rmSync(root, { recursive: true, force: true }));
let podCount = 0;

async function openRuntime(pods = mkdtempSync(join(root, "pods-"))) {
  const runtime = new ProcessRuntime({ clock: systemClock, log: silentLog, pods });
  const exits = new Map<string, Exit>();
  const waiting = new Map<string, (exit: Exit) => void>();
  runtime.onExit((id, exit) => {
    exits.set(runText(id), exit);
    waiting.get(runText(id))?.(exit);
  });
  await runtime.open();
  const exitOf = (id: RunId) => {
    const known = exits.get(runText(id));
    return known ? Promise.resolve(known) : new Promise<Exit>((resolve) => waiting.set(runText(id), resolve));
  };
  const logOf = (id: RunId) => readFileSync(runFiles(pods, id).log, "utf8");
  return { runtime, pods, exitOf, logOf };
}

function shell(script: string, more: Partial<ContainerStart> = {}): ContainerStart {
  return {
    podUid: `pod-${podCount++}`,
    container: "user-container",
    restart: 0,
    command: ["/bin/sh", "-c", script],
    workingDirectory: root,
    env: { PATH: "/usr/bin:/bin" },
    ...more,
  };
}

test("a program's exit code, the signal that ended it and its output are known", async () => {
  const { runtime, exitOf, logOf } = await openRuntime();
  const failing = shell("echo out; echo err >&2; exit 7");
  const hung = shell("echo up; exec sleep 60");
  await runtime.start(failing);
  const run = await runtime.start(hung);
  assert.ok(run.pid > 1);
  assert.equal((await exitOf(failing)).exitCode, 7);
  assert.equal(logOf(failing), "out\nerr\n");
  runtime.signal(hung, "SIGTERM");
  assert.equal((await exitOf(hung)).exitCode, 143);
  await runtime.close();
});

test("arguments and environment arrive as they are, and nothing else", async () => {
  const { runtime, exitOf, logOf } = await openRuntime();
  const odd = ["it's", "$(touch /tmp/never)", "a\nb", "`id`", "", "\\", "--", "é"];
  const env = {
    PATH: "/usr/bin:/bin",
    QUOTE: "a'b\"c$d",
    LINES: "1\n2",
    "dotted.name": "x",
    UID: "7",
    LC_ALL: "q",
  };
  const printing = shell("", {
    command: [
      process.execPath,
      "-e",
      "console.log(JSON.stringify([process.argv.slice(1), process.env]))",
      ...odd,
    ],
    env,
  });
  await runtime.start(printing);
  assert.equal((await exitOf(printing)).exitCode, 0);
  assert.deepEqual(JSON.parse(logOf(printing)), [odd, env]);
  const plain = shell("", { command: ["/usr/bin/env"], env: { PATH: "/bin", A: "1" } });
  await runtime.start(plain);
  await exitOf(plain);
  const names = logOf(plain).trim().split("\n").sort();
  assert.deepEqual(
    names.filter((line) => !line.startsWith("_=")),
    ["A=1", "PATH=/bin"],
  );
  await runtime.close();
});

test("stdin is at its end, and no descriptor of the engine is open in the program", async () => {
  const { runtime, exitOf, logOf } = await openRuntime();
  const start = shell("cat; ls /proc/self/fd | tr '\\n' ' '");
  await runtime.start(start);
  assert.equal((await exitOf(start)).exitCode, 0);
  // 3 is the folder that ls itself reads.
  assert.equal(logOf(start).trim(), "0 1 2 3");
  await runtime.close();
});

test("a command that cannot be run is refused in the runtime's words", async () => {
  const { runtime } = await openRuntime();
  await assert.rejects(() => runtime.start(shell("", { command: ["no-such-program"] })), {
    code: "start-failed",
    message: 'exec: "no-such-program": executable file not found in $PATH',
  });
  await runtime.close();
});

test("SIGKILL reaches all that the program started, and so does its own end", async () => {
  const { runtime, exitOf, logOf } = await openRuntime();
  const tree = shell("sleep 61 & echo $!; wait");
  const leaving = shell("sleep 62 & echo $!; exit 0");
  for (const start of [tree, leaving]) await runtime.start(start);
  await exitOf(leaving);
  const orphan = Number(logOf(leaving));
  await until(() => /\d/.test(logOf(tree)));
  const childPid = Number(logOf(tree));
  runtime.signal(tree, "SIGKILL");
  assert.equal((await exitOf(tree)).exitCode, 137);
  await until(() => !isSameProcess(orphan, "") && !isSameProcess(childPid, ""));
  await runtime.close();
});

test("removing a pod also ends what left its process group", async () => {
  const { runtime, pods, logOf } = await openRuntime();
  const start = shell("setsid sh -c 'echo $$; exec sleep 65' & sleep 66");
  await runtime.start({ ...start, env: { ...start.env, TMPDIR: join(pods, start.podUid, "tmp") } });
  await until(() => /\d\n/.test(logOf(start)));
  const daemon = Number(logOf(start));
  assert.ok(isSameProcess(daemon, ""));
  await runtime.remove(start.podUid);
  await until(() => !isSameProcess(daemon, ""));
  await runtime.close();
});

test("exec runs beside the container and is cut off after its limit", async () => {
  const { runtime } = await openRuntime();
  const beside = shell("sleep 60", { env: { PATH: "/usr/bin:/bin", WORD: "hello" } });
  await runtime.start(beside);
  const quick = await runtime.exec(beside, ["sh", "-c", "echo $WORD; exit 3"], 5_000);
  assert.deepEqual(quick, { exitCode: 3, output: "hello\n" });
  assert.equal((await runtime.exec(beside, ["sleep", "60"], 50)).exitCode, 124);
  await runtime.remove(beside.podUid);
  await runtime.close();
});

test("after kill -9 of an engine its processes live, the next engine adopts them and learns their exit codes", async () => {
  const pods = mkdtempSync(join(root, "crash-"));
  const names = ["lives", "dies-meanwhile"];
  const engine = await crashedEngine(pods, [
    ["lives", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done"],
    ["dies-meanwhile", "exit 4"],
  ]);
  await until(() => runsEnded(pods, "dies-meanwhile"));
  assert.equal(engine.exitCode, null);
  const { runtime, exitOf } = await openRuntime(pods);
  const found = await runtime.list();
  assert.deepEqual(found.map((run) => run.podUid).sort(), [...names].sort());
  assert.equal(found.find((run) => run.podUid === "dies-meanwhile")?.exit?.exitCode, 4);
  const alive = found.find((run) => run.podUid === "lives");
  assert.ok(alive && !alive.exit && isSameProcess(alive.pid, ""));
  runtime.signal(alive, "SIGTERM");
  assert.equal((await exitOf(alive)).exitCode, 9);
  await runtime.close();
});

test("what a crashed engine left can be reaped, process tree and files", async () => {
  const pods = mkdtempSync(join(root, "reap-"));
  await crashedEngine(pods, [["orphan", "sleep 63 & sleep 64"]]);
  const { runtime } = await openRuntime(pods);
  const [orphan] = await runtime.list();
  assert.ok(orphan);
  await runtime.remove("orphan");
  await until(() => !isSameProcess(orphan.pid, ""));
  assert.deepEqual(await runtime.list(), []);
  await runtime.close();
});

test("a pid that belongs to another process by now is neither adopted nor signalled", async () => {
  const pods = mkdtempSync(join(root, "reused-"));
  const files = runFiles(pods, { podUid: "old", container: "c", restart: 0 });
  mkdirSync(files.folder, { recursive: true });
  writeFileSync(files.pid, `${process.pid} 1\n`);
  const { runtime } = await openRuntime(pods);
  const [found] = await runtime.list();
  assert.equal(found?.exit?.exitCode, 137);
  await runtime.remove("old");
  await runtime.close();
});

/** Starts a stand-in engine that starts the scripts, and kills it as hard as can be. */
async function crashedEngine(pods: string, scripts: readonly [string, string][]): Promise<ChildProcess> {
  const starts = scripts.map(([podUid, script]) => shell(script, { podUid }));
  const program = `
    import { ProcessRuntime } from ${JSON.stringify(new URL("./process-runtime.ts", import.meta.url).href)};
    import { systemClock } from ${JSON.stringify(new URL("../../../../base/clock.ts", import.meta.url).href)};
    import { silentLog } from ${JSON.stringify(new URL("../../../../base/log.ts", import.meta.url).href)};
    const runtime = new ProcessRuntime({ clock: systemClock, log: silentLog, pods: ${JSON.stringify(pods)} });
    await runtime.open();
    for (const start of ${JSON.stringify(starts)}) await runtime.start(start);
    console.log("started");
    setInterval(() => {}, 1000);`;
  const engine = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => engine.stdout?.once("data", resolve));
  const gone = new Promise((resolve) => engine.once("exit", resolve));
  engine.kill("SIGKILL");
  await gone;
  return engine;
}

function runsEnded(pods: string, podUid: string): boolean {
  try {
    return (
      readFileSync(runFiles(pods, { podUid, container: "user-container", restart: 0 }).exit, "utf8") !== ""
    );
  } catch {
    return false;
  }
}

test("a program that takes more memory than its limit is killed, and that is known as the reason", async (context) => {
  const trial = new MemoryLimits(silentLog);
  const id = { podUid: "trial", container: "trial", restart: 0 };
  if (trial.prepare(id, 1 << 26) === undefined) return context.skip("this user may make no cgroup");
  trial.remove(id);
  const { runtime, exitOf } = await openRuntime();
  const greedy = (megabytes: number) => ({
    ...shell(""),
    command: [process.execPath, "-e", `Buffer.alloc(${megabytes} * 1024 * 1024, 1)`],
    memoryBytes: 256 * 1024 * 1024,
  });
  const modest = greedy(32);
  const greediest = greedy(512);
  await runtime.start(modest);
  await runtime.start(greediest);
  assert.deepEqual({ ...(await exitOf(modest)), atMs: 0 }, { exitCode: 0, atMs: 0 });
  assert.deepEqual(
    { ...(await exitOf(greediest)), atMs: 0 },
    { exitCode: 137, atMs: 0, isOutOfMemory: true },
  );
  await runtime.close();
});
