import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { systemClock } from "../base/clock.ts";
import type { Address, Conn } from "./conn.ts";
import { systemNetwork } from "./network.ts";
import { PassingNetwork } from "./passing-network.ts";

const anyPort = { ip: "127.0.0.1", port: 0 };
const network = () => new PassingNetwork(systemNetwork(systemClock));

/** Greets with its name and hangs up. */
function greeter(name: string): (conn: Conn) => void {
  return (conn) => {
    conn.setHandler({ data() {}, end() {}, drain() {}, closed() {} });
    conn.write(Buffer.from(name));
    conn.end();
  };
}

function greeting({ ip, port }: Address): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(port, ip);
    socket.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
    socket.once("close", () => resolve(text));
  });
}

test("a connection that comes while nobody accepts waits for the one who inherits the socket", async () => {
  const [old, heir] = [network(), network()];
  const listener = await old.listen(anyPort, greeter("old"));
  assert.equal(await greeting(listener.address), "old");
  const [passed] = old.listening;
  assert(passed);
  heir.inherit(passed);
  // In one process both have the same handle: what comes between two owners is what comes before this one listens.
  const inherited = await heir.listen(listener.address, greeter("heir"));
  assert.deepEqual(inherited.address, listener.address);
  assert.equal(await greeting(listener.address), "heir");
  await inherited.close();
  assert.equal(await greeting(listener.address), "ECONNREFUSED");
});

test("what was inherited and is not wanted any more is closed", async () => {
  const [old, heir] = [network(), network()];
  const listener = await old.listen(anyPort, greeter("old"));
  const [passed] = old.listening;
  assert(passed);
  heir.inherit(passed);
  heir.dropUnclaimed();
  assert.equal(await greeting(listener.address), "ECONNREFUSED");
  await listener.close();
});

test("a port that is taken is refused with the system's code", async () => {
  const listener = await network().listen(anyPort, greeter("first"));
  await assert.rejects(network().listen(listener.address, greeter("second")), { code: "EADDRINUSE" });
  await listener.close();
});
