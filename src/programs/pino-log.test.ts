import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { EngineLogs, zapLog } from "./pino-log.ts";

const folder = mkdtempSync(join(tmpdir(), "ebb-log-"));
after(() => rmSync(folder, { recursive: true }));

/** The lines of `file` once pino was loaded and has written them. */
async function linesOf(file: string): Promise<Record<string, unknown>[]> {
  await import("pino");
  await new Promise((resolve) => setImmediate(resolve));
  return readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

test("lines of the engine wait for their library in order, with level, time, program and all fields", async () => {
  const file = join(folder, "engine");
  const log = new EngineLogs("info", file).of("gateway");
  log.with({ component: "routes", pod: "a" }).warn("no pod answers", { pod: "b", tried: 3 });
  log.debug("below the level");
  log.info("second");
  const [first, second, ...others] = await linesOf(file);
  const { time, ...rest } = first ?? {};
  assert.ok(Math.abs(Date.now() - Number(time)) < 60_000);
  const fields = { component: "routes", pod: "b", tried: 3 };
  assert.deepEqual(rest, { level: 40, program: "gateway", ...fields, msg: "no pod answers" });
  assert.equal(second?.msg, "second");
  assert.deepEqual(others, []);
});

test("a line of the lone queue-proxy has the names that Knative's have", async () => {
  const file = join(folder, "lone");
  const log = zapLog("queueproxy", "info", file);
  log.error("it broke", { code: 7 });
  await linesOf(file);
  log.info("and again");
  const [line, again] = await linesOf(file);
  const { timestamp, ...rest } = line ?? {};
  assert.match(String(timestamp), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.deepEqual(rest, { severity: "ERROR", logger: "queueproxy", code: 7, message: "it broke" });
  assert.equal(again?.message, "and again");
});

test("a process that ends before the library was loaded says its lines all the same", () => {
  const source = `import { zapLog } from "./pino-log.ts"; zapLog("x", "info").error("last words"); process.exit(3);`;
  const args = ["--input-type=module", "-e", source];
  const { status, stderr } = spawnSync(process.execPath, args, {
    cwd: import.meta.dirname,
    encoding: "utf8",
  });
  assert.equal(status, 3);
  assert.deepEqual(JSON.parse(stderr), { level: "error", message: "last words" });
});
