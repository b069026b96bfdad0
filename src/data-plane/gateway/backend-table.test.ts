import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../base/random.ts";
import type { Backend } from "../backend.ts";
import { BackendTable } from "./backend-table.ts";

const pod = (last: number, podUid = `u${last}`): Backend => ({ ip: `127.1.1.${last}`, port: 8012, podUid });
const TARGET = { namespace: "default", service: "hello", port: 80 };

function table(backends: readonly Backend[]): BackendTable {
  const backendTable = new BackendTable();
  backendTable.setService({ namespace: "default", name: "hello", ports: [{ name: "http", port: 80 }] });
  backendTable.setEndpoints("default", "hello", [{ name: "http", backends }]);
  return backendTable;
}

test("a port is found by number or name, and its addresses by the port's name", () => {
  const backends = table([pod(1)]);
  assert.deepEqual(backends.pick(TARGET, seededRandom(1)), pod(1));
  assert.deepEqual(backends.pick({ ...TARGET, port: "http" }, seededRandom(1)), pod(1));
  assert.equal(backends.pick({ ...TARGET, port: 81 }, seededRandom(1)), undefined);
  assert.equal(backends.pick({ ...TARGET, service: "other" }, seededRandom(1)), undefined);
});

test("a draining pod gets nothing new, a new pod at the same address does", () => {
  const backends = table([pod(1, "old")]);
  backends.drain(pod(1, "old"));
  assert.equal(backends.pick(TARGET, seededRandom(1)), undefined);
  backends.setEndpoints("default", "hello", [{ name: "http", backends: [pod(1, "new")] }]);
  assert.deepEqual(backends.pick(TARGET, seededRandom(1)), pod(1, "new"));
});

test("the note about a draining pod is kept while any Endpoints list it", () => {
  const backends = table([pod(1)]);
  backends.setEndpoints("default", "hello-private", [{ name: "http", backends: [pod(1)] }]);
  backends.drain(pod(1));
  backends.setEndpoints("default", "hello-private", []);
  assert.equal(backends.pick(TARGET, seededRandom(1)), undefined);
});

test("an address that was tried is not picked again", () => {
  const first = pod(1);
  const backends = table([first]);
  assert.equal(backends.pick(TARGET, seededRandom(1), [first]), undefined);
});
