import assert from "node:assert/strict";
import { once } from "node:events";
import http2 from "node:http2";
import { connect as netConnect } from "node:net";
import { after, test } from "node:test";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { testAuthority } from "../../test/support/certificates.ts";
import { systemClock } from "../base/clock.ts";
import { systemRandom } from "../base/random.ts";
import { httpFetch } from "./fetch.ts";
import type { Handler } from "./message.ts";
import { systemNetwork } from "./network.ts";
import { UpstreamPool } from "./pool.ts";
import { respondWith } from "./responses.ts";
import { HttpServer } from "./server.ts";
import { tlsNetwork } from "./tls.ts";
import type { IdentityFor } from "./tls-acceptor.ts";
import { inspectIdentity, type TlsIdentity, type TlsSettings } from "./tls-identity.ts";

/** TLS on real sockets: whom it serves, whom it trusts, and how certificates change. */

const clock = systemClock;
const OPTIONS = { timeout: 60_000 };
const authority = testAuthority();
const closers: (() => unknown)[] = [];
after(async () => {
  for (const close of closers.reverse()) await close();
});

const seen: Handler = (exchange) => {
  const { request, secure } = exchange;
  respondWith(exchange, { status: 200, body: `${request.version} ${secure}` });
};

interface Served {
  readonly identityFor: IdentityFor;
  readonly settings?: TlsSettings;
}

async function serve({ identityFor, ...options }: Served, handler = seen): Promise<number> {
  const server = new HttpServer({ clock, handler, http2: true, limits: { lingerMs: 50 } });
  const serving = { network: systemNetwork(clock), identityFor };
  const tls = tlsNetwork({ clock, serving, ...options });
  const listener = await tls.listen({ ip: "127.0.0.1", port: 0 }, server.accept);
  closers.push(
    () => server.closeNow(),
    () => listener.close(),
  );
  return listener.address.port;
}

/** What the server's certificate says, as a client of that name sees it. */
async function greeted(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ host: "127.0.0.1", port, ca: authority.certificate, ...options });
  closers.push(() => socket.destroy());
  await once(socket, "secureConnect");
  return socket;
}

const nameOf = (socket: TLSSocket) => socket.getPeerCertificate().subject.CN;
const one = (identity: TlsIdentity) => ({ identityFor: () => identity });

test("HTTP/1.1 and HTTP/2 are agreed on, and requests know that they came encrypted", OPTIONS, async () => {
  const port = await serve(one(authority.issue(["localhost"])));
  const session = http2.connect(`https://localhost:${port}`, { ca: authority.certificate });
  closers.push(() => session.destroy());
  const stream = session.request({ ":path": "/" });
  stream.setEncoding("latin1");
  assert.equal((await once(stream, "data"))[0], "2 true");
  const socket = await greeted(port, { servername: "localhost", ALPNProtocols: ["http/1.1"] });
  assert.equal(socket.alpnProtocol, "http/1.1");
  socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.match(String((await once(socket, "data"))[0]), /1\.1 true$/);
});

test(
  "the client's name chooses the certificate, and without a name there is a default",
  OPTIONS,
  async () => {
    const [first, second] = [authority.issue(["first.example"]), authority.issue(["second.example"])];
    const port = await serve({ identityFor: (name) => (name === "second.example" ? second : first) });
    assert.equal(nameOf(await greeted(port, { servername: "second.example" })), "second.example");
    assert.equal(nameOf(await greeted(port, { checkServerIdentity: () => undefined })), "first.example");
  },
);

test("a new certificate is served from the next connection on, and open ones go on", OPTIONS, async () => {
  let identity = authority.issue(["old.example"]);
  const port = await serve({ identityFor: () => identity });
  const before = await greeted(port, { checkServerIdentity: () => undefined });
  identity = authority.issue(["new.example"]);
  assert.equal(nameOf(await greeted(port, { checkServerIdentity: () => undefined })), "new.example");
  assert.equal(nameOf(await greeted(port, { servername: "new.example" })), "new.example");
  before.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.match(String((await once(before, "data"))[0]), /200 OK/);
});

test("TLS 1.2 is refused, unless it is allowed", OPTIONS, async () => {
  const identity = authority.issue(["localhost"]);
  const strict = await serve(one(identity));
  const old: ConnectionOptions = { servername: "localhost", maxVersion: "TLSv1.2" };
  await assert.rejects(greeted(strict, old), /version|handshake|alert/i);
  const lenient = await serve({ ...one(identity), settings: { minVersion: "TLSv1.2" } });
  assert.equal((await greeted(lenient, old)).getProtocol(), "TLSv1.2");
});

test("plain HTTP on a TLS port is answered in words", OPTIONS, async () => {
  const socket = netConnect(await serve(one(authority.issue(["localhost"]))), "127.0.0.1");
  closers.push(() => socket.destroy());
  socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  await once(socket, "end");
  assert.equal(text, "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n");
});

test("garbage instead of a handshake ends its connection and nothing else", OPTIONS, async () => {
  const port = await serve(one(authority.issue(["localhost"])));
  const socket = netConnect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(Buffer.from([22, 3, 1, 255, 255, 0, 0, 0]));
  socket.write(Buffer.alloc(70_000, 1));
  socket.resume();
  await new Promise((resolve) => socket.once("close", resolve));
  await greeted(port, { servername: "localhost" });
});

test(
  "an upstream is verified by the names that are accepted, and spoken to in both versions",
  OPTIONS,
  async () => {
    const port = await serve(one(authority.issue(["kn-user-default"])));
    const address = { ip: "127.0.0.1", port };
    const trust = { authorities: () => authority.certificate, serverName: "data-plane.knative.dev" };
    const network = tlsNetwork({ clock, trust: { ...trust, acceptedNames: ["kn-user-default"] } });
    const pool = new UpstreamPool({ clock, network, random: systemRandom, scheme: "https" });
    closers.push(() => pool.close());
    const ask = (http2: boolean) =>
      httpFetch(
        { network, clock },
        { address, target: "/", timeoutMs: 5_000, upstream: pool.to(address), http2 },
      );
    assert.equal((await ask(false)).body.toString(), "1.1 true");
    assert.equal((await ask(true)).body.toString(), "2 true");
    const blind = tlsNetwork({ clock, trust: { serverName: "", isBlind: true } });
    assert.equal(
      (await httpFetch({ network: blind, clock }, { address, target: "/", timeoutMs: 5_000 })).status,
      200,
    );
    const stranger = tlsNetwork({ clock, trust: { ...trust, acceptedNames: ["kn-user-other"] } });
    await assert.rejects(stranger.connect(address, { timeoutMs: 5_000 }), /none of kn-user-other/);
    const distrustful = tlsNetwork({
      clock,
      trust: { ...trust, authorities: () => testAuthority().certificate },
    });
    await assert.rejects(distrustful.connect(address, { timeoutMs: 5_000 }), /certificate/);
  },
);

test("a certificate and a key that do not belong together are told apart", OPTIONS, () => {
  const [one, other] = [authority.issue(["a"]), authority.issue(["b"])];
  const facts = inspectIdentity(one);
  assert(facts.covers("a") && !facts.covers("b"));
  assert(facts.expiresMs > Date.now());
  assert.throws(() => inspectIdentity({ cert: one.cert, key: other.key }));
  assert.throws(() => inspectIdentity({ cert: "nothing", key: other.key }));
});
