import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../../test/support/until.ts";
import { systemClock } from "../base/clock.ts";
import { type Log, silentLog } from "../base/log.ts";
import { openLineFile } from "./line-file.ts";

function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "ebb-lines-"));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test("lines are appended to a file whose folder need not exist, the last ones when it is closed", async (context) => {
  const path = join(folder(context), "pod", "queue-proxy", "0.log");
  const first = openLineFile(path, { clock: systemClock, log: silentLog });
  first.write("a\n");
  first.write("b\n");
  first.close();
  await until(() => readFileSync(path, "utf8") === "a\nb\n");
  const second = openLineFile(path, { clock: systemClock, log: silentLog });
  second.write("c\n");
  await until(() => readFileSync(path, "utf8") === "a\nb\nc\n");
  second.close();
});

test("a file that cannot be written is told once, and the lines are lost", async (context) => {
  const told: unknown[] = [];
  const log: Log = { ...silentLog, warn: (_message, fields) => void told.push(fields) };
  const lines = openLineFile(folder(context), { clock: systemClock, log });
  lines.write("a\n");
  await until(() => told.length > 0);
  lines.write("b\n");
  await pause(20);
  lines.close();
  assert.equal(told.length, 1);
});
