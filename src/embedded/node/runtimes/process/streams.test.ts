import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { after, test } from "node:test";
import { systemClock } from "../../../../base/clock.ts";
import { silentLog } from "../../../../base/log.ts";
import { runFiles } from "../../pod-folder.ts";
import type { ContainerStart } from "../../runtime.ts";
import { isSameProcess } from "./process-facts.ts";
import { ProcessRuntime } from "./process-runtime.ts";

/** Real programs whose streams somebody holds. */

const pods = mkdtempSync(join(tmpdir(), "ebb-streams-"));
const runtime = new ProcessRuntime({ clock: systemClock, log: silentLog, pods });
const exits = new Map<string, () => void>();
runtime.onExit(({ podUid }) => exits.get(podUid)?.());
await runtime.open();
after(async () => {
  await runtime.close();
  rmSync(pods, { recursive: true, force: true });
});

async function start(podUid: string, script: string, more: Partial<ContainerStart> = {}) {
  const over = new Promise<void>((resolve) => exits.set(podUid, resolve));
  const run: ContainerStart = {
    podUid,
    container: "main",
    restart: 0,
    command: ["/bin/sh", "-c", script],
    workingDirectory: pods,
    env: { PATH: "/usr/bin:/bin" },
    ...more,
  };
  await runtime.start(run);
  return { run, over, files: runFiles(pods, run) };
}

async function textOf(stream: Readable): Promise<string> {
  let text = "";
  for await (const part of stream) text += part;
  return text;
}

test("a fed program's input outlives who wrote to it", async () => {
  const { run, over } = await start("fed", "while read line; do echo got $line; done", { isFed: true });
  for (const [word, last] of [
    ["one", "got one\n"],
    ["two", "got two\n"],
  ] as const) {
    const attached = await runtime.attachStreams(run, { over, endsInput: false });
    attached.stdin?.write(`${word}\n`);
    let heard = "";
    for await (const part of attached.stdout) {
      heard += part;
      if (heard.endsWith(last)) break;
    }
    attached.leave();
  }
  runtime.signal(run, "SIGKILL");
  await over;
  await runtime.remove("fed");
});

test("the input ends with a writer that ends it, and with it whoever held it open", async () => {
  const { run, over, files } = await start("once", "wc -c; echo done", { isFed: true });
  const holder = Number(readFileSync(files.holder, "latin1"));
  const attached = await runtime.attachStreams(run, { over, endsInput: true });
  attached.stdin?.end("12345");
  assert.match(await textOf(attached.stdout), /5\s+done\n$/);
  assert.equal(await attached.ended, 0);
  assert.equal(isSameProcess(holder, "0"), false);
  assert.equal(existsSync(files.holder), false);
  await runtime.remove("once");
});

test("a program that ends on its own leaves nobody holding its input", async () => {
  const { over, files } = await start("short", "echo done", { isFed: true });
  await over;
  const holder = readFileSync(files.holder, "latin1").trim();
  while (existsSync(`/proc/${holder}`)) await new Promise((resolve) => setTimeout(resolve, 5));
  await runtime.remove("short");
});

const hasTerminals = existsSync("/usr/bin/script");

test("a command on a terminal has the size that it is given last", { skip: !hasTerminals }, async () => {
  const { run, over } = await start("terminal", "sleep 60");
  const command = ["sh", "-c", "until [ $(stty size | cut -d' ' -f1) = 40 ]; do sleep 0.05; done; stty size"];
  const running = await runtime.execStreams(run, { command, tty: true });
  for (const height of [24, 30, 40]) running.resize({ width: 100, height });
  assert.match(await textOf(running.stdout), /40 100/);
  assert.equal(await running.ended, 0);
  runtime.signal(run, "SIGKILL");
  await over;
  await runtime.remove("terminal");
});

test("a command is killed when who listened leaves", async () => {
  const { run, over } = await start("left", "sleep 60");
  const running = await runtime.execStreams(run, { command: ["sleep", "60"], tty: false });
  running.leave();
  assert.equal(await running.ended, 137);
  runtime.signal(run, "SIGKILL");
  await over;
  await runtime.remove("left");
});
