import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { silentLog } from "../../../../base/log.ts";
import { MemoryLimits } from "./memory-limits.ts";

const run = { podUid: "u", container: "app", restart: 0 };

test("each version of cgroups gets its own files, and swap does not stand in for memory", () => {
  const parent = mkdtempSync(join(tmpdir(), "ebb-cgroups-"));
  try {
    const folder = join(parent, "ebb-pod-u-app-0");
    const second = new MemoryLimits(silentLog, () => ({ version: 2, parent }));
    // The kernel makes these files with the folder; here the test does.
    mkdirSync(folder);
    writeFileSync(join(folder, "memory.swap.max"), "max");
    assert.equal(second.prepare(run, 1024), join(folder, "cgroup.procs"));
    assert.equal(readFileSync(join(folder, "memory.max"), "utf8"), "1024");
    assert.equal(readFileSync(join(folder, "memory.swap.max"), "utf8"), "0");
    writeFileSync(join(folder, "memory.events"), "low 0\noom 1\noom_kill 0\n");
    assert.equal(second.wasReached(run), false);
    writeFileSync(join(folder, "memory.events"), "low 0\noom 1\noom_kill 2\n");
    assert.equal(second.wasReached(run), true);
    const first = new MemoryLimits(silentLog, () => ({ version: 1, parent }));
    first.prepare(run, 2048);
    assert.equal(readFileSync(join(folder, "memory.limit_in_bytes"), "utf8"), "2048");
  } finally {
    rmSync(parent, { recursive: true });
  }
});

test("where no cgroup can be made the container runs without a limit, and that is told once", () => {
  const told: string[] = [];
  const log = { ...silentLog, warn: (text: string) => told.push(text) };
  const limits = new MemoryLimits(log, () => "nobody hands on memory");
  assert.equal(limits.prepare(run, 1024), undefined);
  assert.equal(limits.prepare(run, 1024), undefined);
  assert.equal(limits.wasReached(run), false);
  limits.remove(run);
  assert.equal(told.length, 1);
});
