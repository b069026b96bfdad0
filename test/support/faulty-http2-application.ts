import { constants, createServer, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { TestContext } from "node:test";
import type { Address } from "../../src/http/conn.ts";

/** As `faultyApplication`, with HTTP/2 by prior knowledge. */

type Play = (stream: ServerHttp2Stream, socket: Socket, id: string) => void;

const half = (stream: ServerHttp2Stream, then: () => void, headers = {}) => {
  stream.respond({ ":status": 200, ...headers });
  stream.write("half", () => setTimeout(then, 20));
};

export const HTTP2_FAULTS: Readonly<Record<string, Play>> = {
  good: (stream, _socket, id) => {
    stream.respond({ ":status": 200 });
    stream.end(`good ${id}`);
  },
  "resets-the-stream": (stream) => stream.destroy(new Error("reset")),
  "closes-at-once": (_stream, socket) => socket.end(),
  "resets-the-connection": (_stream, socket) => socket.resetAndDestroy(),
  "sends-no-frames": (_stream, socket) => void socket.write(Buffer.alloc(64, 0xff)),
  "says-goodbye-and-closes": (stream, socket) => {
    stream.session?.goaway(constants.NGHTTP2_NO_ERROR, stream.id ?? 0);
    setTimeout(() => socket.end(), 20);
  },
  "resets-in-the-body": (stream) => half(stream, () => stream.destroy(new Error("reset"))),
  "closes-in-the-body": (stream, socket) => half(stream, () => socket.end()),
  "ends-before-its-length": (stream) => half(stream, () => stream.end(), { "content-length": 9 }),
};

/** Listens until the test's end. */
export async function faultyHttp2Application(context: TestContext, address: Address): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  });
  server.on("sessionError", () => {});
  server.on("stream", (stream: ServerHttp2Stream, headers) => {
    const [, name = "", id = ""] = /^\/([^/]*)\/(.*)$/.exec(headers[":path"] ?? "") ?? [];
    const port = stream.session?.socket.remotePort;
    const socket = [...sockets].find(({ remotePort }) => remotePort === port);
    stream.on("error", () => {});
    if (socket) HTTP2_FAULTS[name]?.(stream, socket, id);
  });
  await new Promise<void>((resolve) => server.listen(address.port, address.ip, resolve));
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
}
