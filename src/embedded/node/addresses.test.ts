import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { seededRandom, systemRandom } from "../../base/random.ts";
import { blockPrefix, LoopbackAddresses } from "./addresses.ts";
import { BlockLeases } from "./block-lease.ts";

const root = mkdtempSync(join(tmpdir(), "ebb-addresses-"));
after(() => rmSync(root, { recursive: true, force: true }));

function leases(folder: string, home: string, pid = process.pid) {
  return new BlockLeases({ folder, home, pid, random: systemRandom });
}

test("two engines get different blocks, and a home gets the one it had before", async () => {
  const folder = join(root, "two");
  const one = leases(folder, "/home/one");
  const two = leases(folder, "/home/one");
  const first = await one.lease();
  const second = await two.lease();
  assert.notEqual(blockPrefix(first), blockPrefix(second));
  one.release();
  assert.deepEqual(await leases(folder, "/home/one").lease(), first);
});

test("the lock of an engine that is gone is taken over, also when its pid is used again", async () => {
  const folder = join(root, "stale");
  const dead = spawnSync("/bin/true").pid;
  const one = leases(folder, "/home/one");
  const block = await one.lease();
  const lock = join(folder, blockPrefix(block));
  for (const owner of [
    { pid: dead, startTime: "5" },
    { pid: process.pid, startTime: "5" },
  ]) {
    writeFileSync(lock, JSON.stringify(owner));
    const next = leases(folder, "/home/one");
    assert.deepEqual(await next.lease(), block);
  }
  writeFileSync(lock, '{"pid":');
  assert.deepEqual(await leases(folder, "/home/one").lease(), block);
  assert.deepEqual(readdirSync(folder), [blockPrefix(block)]);
});

test("addresses are distinct, come back last, and go on in a second block", async () => {
  let third = 0;
  const addresses = new LoopbackAddresses({
    random: seededRandom(1),
    lease: async () => ({ second: 99, third: third++ }),
  });
  const taken = new Set<string>();
  for (let count = 0; count < 260; count++) taken.add(await addresses.allocate());
  assert.equal(taken.size, 260);
  assert.ok(taken.has("127.99.0.2") && [...taken].some((ip) => ip.startsWith("127.99.1.")));
  addresses.release("127.99.0.2");
  assert.notEqual(await addresses.allocate(), "127.99.0.2");
  assert.equal(addresses.claim("127.99.0.2"), true);
  assert.equal(addresses.claim("127.99.0.2"), false);
  assert.equal(addresses.claim("127.98.0.2"), false);
});

test("a port that some program listens on is not given", async () => {
  const addresses = new LoopbackAddresses({
    random: seededRandom(1),
    lease: async () => ({ second: 99, third: 0 }),
  });
  const first = await addresses.allocatePort();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: first + 3 }, resolve));
  const given = [await addresses.allocatePort(), await addresses.allocatePort()];
  assert.ok(!given.includes(first + 3), String(given));
  server.close();
});
