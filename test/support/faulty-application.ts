import { createServer, type Socket } from "node:net";
import type { TestContext } from "node:test";
import type { Address } from "../../src/http/conn.ts";

/** Applications that do what no application should, byte by byte: the target's first segment names the fault. */

export interface Fault {
  /** Plays its part; the whole request head has come, with whatever followed it. */
  play(socket: Socket, id: string): void;
}

const OK = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

const sends = (text: string) => ({ play: (socket: Socket) => void socket.write(text, "latin1") });
const sendsAndEnds = (text: string) => ({ play: (socket: Socket) => void socket.end(text, "latin1") });
const sendsAndResets = (text: string) => ({
  play: (socket: Socket) => void socket.write(text, "latin1", () => socket.resetAndDestroy()),
});

export const FAULTS: Readonly<Record<string, Fault>> = {
  good: { play: (socket, id) => void socket.write(OK(`good ${id}`)) },
  silent: { play() {} },
  "closes-at-once": sendsAndEnds(""),
  "resets-at-once": sendsAndResets(""),
  "dies-in-the-head": sendsAndEnds("HTTP/1.1 200 OK\r\nContent-Le"),
  "dies-in-a-length": sendsAndEnds("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
  "resets-in-a-length": sendsAndResets("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
  "dies-in-a-chunk": sendsAndEnds(`${CHUNKED}64\r\nhalf`),
  "dies-between-chunks": sendsAndEnds(`${CHUNKED}4\r\nhalf\r\n`),
  "dies-in-the-trailers": sendsAndEnds(`${CHUNKED}4\r\nhalf\r\n0\r\nX-A: 1\r\n`),
  "sends-a-bad-chunk": sends(`${CHUNKED}4\r\nhalf\r\nzz\r\nmore\r\n0\r\n\r\n`),
  "sends-garbage": sends("\x16\x03\x01\x02\x00 is no HTTP\r\n\r\n"),
  "sends-a-bad-status": sends("HTTP/1.1 2OO OK\r\nContent-Length: 0\r\n\r\n"),
  "sends-two-lengths": sends("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc"),
  "sends-an-endless-head": {
    play(socket) {
      const line = `X-A: ${"y".repeat(8_000)}\r\n`;
      const more = () => {
        while (!socket.destroyed && socket.write(line));
      };
      socket.write("HTTP/1.1 200 OK\r\n");
      socket.on("drain", more);
      more();
    },
  },
  "switches-unasked": sends("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"),
  "answers-early": sends("HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nearly"),
  "answers-early-and-ends": sendsAndEnds("HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nearly"),
  "answers-early-and-resets": sendsAndResets("HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nearly"),
  "answers-twice": { play: (socket, id) => void socket.write(OK(`good ${id}`) + OK("stale")) },
  "answers-again-later": {
    play(socket, id) {
      socket.write(OK(`good ${id}`));
      setTimeout(() => socket.write(OK("stale")), 20);
    },
  },
  "sends-more-than-it-said": { play: (socket, id) => void socket.write(`${OK(`good ${id}`)}stale`) },
  "answers-HEAD-with-a-body": sends(OK("stale")),
  "answers-204-with-a-body": sends(`HTTP/1.1 204 No Content\r\n\r\n${OK("stale")}`),
  "answers-304-with-a-body": sends(`HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n${OK("stale")}`),
};

/** Listens until the test's end. Requests and what is sent behind their heads are not told apart: nobody pipelines. */
export async function faultyApplication(context: TestContext, address: Address): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    let text = "";
    socket.on("error", () => {});
    socket.on("end", () => socket.end());
    socket.on("close", () => sockets.delete(socket));
    socket.setEncoding("latin1").on("data", (data: string) => {
      text += data;
      if (!text.includes("\r\n\r\n")) return;
      const [, name = "", id = ""] = /^\S+ \/([^/]*)\/(\S*) /.exec(text) ?? [];
      text = "";
      FAULTS[name]?.play(socket, id);
    });
  });
  await new Promise<void>((resolve) => server.listen(address.port, address.ip, resolve));
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
}
