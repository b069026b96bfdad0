import assert from "node:assert/strict";
import { test } from "node:test";
import type { QueueProxyHost } from "../api/wire/hosting.ts";
import { HostSwitch } from "./host-switch.ts";

const pod = { uid: "u1", namespace: "default", name: "p", ip: "127.1.0.2", env: {}, userPorts: [] };

/** A data plane that notes what it is asked; a drain ends when `drained` is called. */
function process(name: string, seen: string[]) {
  const drained = Promise.withResolvers<void>();
  const host: QueueProxyHost = {
    host: async ({ uid }) => void seen.push(`${name} host ${uid}`),
    restarting: async (uid) => void seen.push(`${name} restarting ${uid}`),
    remove: async (uid) => void seen.push(`${name} remove ${uid}`),
    moment: (uid, moment) => void seen.push(`${name} ${moment} ${uid}`),
    drain(uid) {
      seen.push(`${name} drain ${uid}`);
      return drained.promise;
    },
  };
  return { host, drained: () => drained.resolve() };
}

const turns = () => new Promise((resolve) => setImmediate(resolve));

test("while one process takes over from another, calls wait and go to the new one", async () => {
  const seen: string[] = [];
  const hosts = new HostSwitch(process("old", seen).host);
  await hosts.hold();
  const hosted = hosts.host(pod);
  hosts.moment("u1", "processStarted", 5);
  await turns();
  assert.deepEqual(seen, []);
  hosts.goOn(process("new", seen).host);
  await hosted;
  await turns();
  assert.deepEqual(seen.toSorted(), ["new host u1", "new processStarted u1"]);
});

test("a drain that is under way is asked of the new process and ends with its answer", async () => {
  const seen: string[] = [];
  const [old, successor] = [process("old", seen), process("new", seen)];
  const hosts = new HostSwitch(old.host);
  let isOver = false;
  const drain = hosts.drain("u1").then(() => {
    isOver = true;
  });
  await hosts.hold();
  hosts.goOn(successor.host);
  old.drained();
  await turns();
  assert.deepEqual([seen, isOver], [["old drain u1", "new drain u1"], false]);
  successor.drained();
  await drain;
});

test("a hand-over that came to nothing leaves everything where it was", async () => {
  const seen: string[] = [];
  const hosts = new HostSwitch(process("old", seen).host);
  await hosts.hold();
  const removed = hosts.remove("u1");
  hosts.goOn();
  await removed;
  assert.deepEqual(seen, ["old remove u1"]);
});
