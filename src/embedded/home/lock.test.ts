import assert from "node:assert/strict";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { homeAt, prepareHome } from "./home.ts";
import { lockHome } from "./lock.ts";

function freshHome() {
  const home = homeAt(join(mkdtempSync(join(tmpdir(), "ebb-home-")), "home"));
  prepareHome(home);
  return home;
}

test("a second engine on the same home is refused with the first one's pid", () => {
  const home = freshHome();
  const lock = lockHome(home, process.pid);
  assert.throws(() => lockHome(home, process.pid), {
    code: "home-in-use",
    message: new RegExp(`in use by process ${process.pid} \\(`),
  });
  lock.release();
  lockHome(home, process.pid).release();
});

test("the lock of a process that is gone is taken over, even when its pid is used again", () => {
  const home = freshHome();
  writeFileSync(home.lock, JSON.stringify({ pid: process.pid, startTime: "1" }));
  lockHome(home, process.pid).release();
});

test("a damaged lock file is taken over", () => {
  const home = freshHome();
  writeFileSync(home.lock, '{"pid":');
  lockHome(home, process.pid).release();
});

test("a folder that cannot be made is told at once, with what to do", {
  skip: !existsSync("/proc/self"),
}, () => {
  assert.throws(() => prepareHome(homeAt("/proc/no/such/home")), {
    code: "home-unusable",
    message: /cannot create the home folder \/proc\/no\/such\/home .* choose another with --home DIR/,
  });
});
