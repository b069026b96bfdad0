import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../sim/virtual-clock.ts";
import { systemClock } from "../base/clock.ts";
import { silentLog } from "../base/log.ts";
import { giveMemoryBack, MemoryReturn, type ProcessLoad, processLoad } from "./memory-return.ts";

const MIB = 1024 * 1024;

/** A process of which `keptMiB` are in use, whatever it has grown to. */
function processOf(keptMiB: number) {
  const clock = new VirtualClock({ startWallMs: 0 });
  const state = { residentMiB: keptMiB, cpu: 0, loop: 0, keptMiB, pauses: 0 };
  const load = (): ProcessLoad => ({ ...state, residentBytes: state.residentMiB * MIB });
  const giveBack = async () => {
    state.pauses++;
    state.residentMiB = Math.min(state.residentMiB, state.keptMiB);
  };
  new MemoryReturn({ clock, log: silentLog, load, giveBack }).start();
  return { clock, state };
}

test("what a burst of work left is given back once the process is idle", async () => {
  const { clock, state } = processOf(100);
  await clock.advance(10_000);
  Object.assign(state, { residentMiB: 600, cpu: 0.9, loop: 0.9 });
  await clock.advance(60_000);
  assert.deepEqual([state.pauses, state.residentMiB], [0, 600]);
  // One that waits for a processor uses little of it and is not idle.
  Object.assign(state, { cpu: 0.05 });
  await clock.advance(60_000);
  assert.equal(state.pauses, 0);
  Object.assign(state, { loop: 0.1 });
  await clock.advance(10_000);
  assert.deepEqual([state.pauses, state.residentMiB], [1, 100]);
});

test("a process is paused neither for little growth nor again and again for memory in use", async () => {
  const { clock, state } = processOf(100);
  await clock.advance(5_000);
  Object.assign(state, { residentMiB: 145, keptMiB: 145 });
  await clock.advance(60_000);
  assert.equal(state.pauses, 0);
  Object.assign(state, { residentMiB: 400, keptMiB: 400 });
  await clock.advance(3_600_000);
  assert(state.pauses >= 2 && state.pauses < 15, String(state.pauses));
});

test("garbage outside of V8's heap is really given back", async () => {
  const load = processLoad(systemClock);
  let garbage: Buffer[] | undefined = Array.from({ length: 2_000 }, () => Buffer.alloc(60_000, 1));
  const kept = garbage.filter((_, at) => at % 50 === 0);
  const beforeBytes = load().residentBytes;
  garbage = undefined;
  await giveMemoryBack(systemClock);
  // Where the C library cannot be asked, pages between blocks in use stay.
  const isGlibc = "glibcVersionRuntime" in (process.report.getReport() as { header: object }).header;
  const isAsked = isGlibc && process.getBuiltinModule("node:ffi") !== undefined;
  // The thread that frees what was collected may be slow.
  while (isAsked && load().residentBytes > beforeBytes - 60 * MIB) await giveMemoryBack(systemClock);
  assert.equal(kept.length, 40);
});
