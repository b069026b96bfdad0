import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as netConnect, type Socket } from "node:net";
import { after, test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { VirtualClock } from "../../sim/virtual-clock.ts";
import { testAuthority } from "../../test/support/certificates.ts";
import { until } from "../../test/support/until.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { systemNetwork } from "./network.ts";
import { respondWith } from "./responses.ts";
import { HttpServer } from "./server.ts";
import { TlsAcceptor, type TlsAcceptorOptions } from "./tls-acceptor.ts";

/** Handshakes that take their time, or never come to an end. */

const OPTIONS = { timeout: 60_000 };
const authority = testAuthority();
const identity = authority.issue(["localhost"]);
const closers: (() => unknown)[] = [];
after(async () => {
  for (const close of closers.reverse()) await close();
});

async function serve(options: Partial<TlsAcceptorOptions> = {}, clock: Clock = systemClock) {
  const server = new HttpServer({
    clock,
    handler: (exchange) => respondWith(exchange, { status: 200, body: "hello" }),
  });
  const acceptor = new TlsAcceptor({ clock, identityFor: () => identity, ...options }, server.accept);
  const network = systemNetwork(systemClock);
  const listener = await network.listen({ ip: "127.0.0.1", port: 0 }, acceptor.accept);
  closers.push(
    () => listener.close(),
    () => server.closeNow(),
    () => acceptor.close(),
  );
  return { acceptor, server, port: listener.address.port };
}

async function silent(
  port: number,
  first?: Uint8Array,
): Promise<{ socket: Socket; closed: Promise<unknown> }> {
  const socket = netConnect(port, "127.0.0.1");
  closers.push(() => socket.destroy());
  socket.on("error", () => {}).resume();
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await once(socket, "connect");
  if (first) socket.write(first);
  return { socket, closed };
}

async function greeted(port: number): Promise<TLSSocket> {
  const socket = connect({ host: "127.0.0.1", port, ca: authority.certificate, servername: "localhost" });
  closers.push(() => socket.destroy());
  await once(socket, "secureConnect");
  return socket;
}

/** The head of a ClientHello, which promises more than ever comes. */
const HALF_HELLO = Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]);

test("whoever has not shaken hands within ten seconds is dropped, at whatever step", OPTIONS, async () => {
  const clock = new VirtualClock();
  const { acceptor, port } = await serve({}, clock);
  const mute = await silent(port);
  const half = await silent(port, HALF_HELLO);
  await until(() => acceptor.handshakeCount === 2);
  // What has arrived is read before time goes on.
  await new Promise((resolve) => setTimeout(resolve, 20));
  await clock.advance(9_900);
  assert.equal(acceptor.handshakeCount, 2);
  await clock.advance(200);
  await Promise.all([mute.closed, half.closed]);
  await until(() => acceptor.handshakeCount === 0);
});

test("a flood of handshakes that go nowhere leaves room for one that is serious", OPTIONS, async () => {
  const { acceptor, port } = await serve({ handshakesMax: 20 });
  const flood = [];
  for (let index = 0; index < 100; index++)
    flood.push(await silent(port, index % 2 ? HALF_HELLO : undefined));
  await until(() => acceptor.handshakeCount === 20);
  const socket = await greeted(port);
  socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  assert.match(String((await once(socket, "data"))[0]), /hello$/);
  await Promise.all(flood.slice(0, 80).map(({ closed }) => closed));
  assert(acceptor.handshakeCount <= 20);
});

test("a handshake that is over, well or badly, is not counted any more", OPTIONS, async () => {
  const { acceptor, port } = await serve({
    identityFor: (name) => (name === "localhost" ? identity : undefined),
  });
  await greeted(port);
  const unknown = connect({ host: "127.0.0.1", port, servername: "other.example" });
  const [error] = await once(unknown, "error");
  assert.match(String(error), /handshake failure|alert/);
  const gone = await silent(port, HALF_HELLO);
  gone.socket.end();
  await gone.closed;
  await until(() => acceptor.handshakeCount === 0);
});

test("a client that has nothing more to say still gets its answer", OPTIONS, async () => {
  const { port } = await serve();
  const socket = await greeted(port);
  socket.end("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.match(String((await once(socket, "data"))[0]), /hello$/);
});
