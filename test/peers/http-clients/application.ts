import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { pipeline } from "node:stream/promises";

/** An application for foreign clients: sends bytes, sums bytes, and echoes over a WebSocket or any other upgrade. */

const BLOCK = Buffer.alloc(64 * 1024, "ebb: each block has a number of its own. ");

/** `length` bytes of which no two blocks are alike, so that one lost, doubled or moved shows. */
export function* pattern(length: number): Generator<Buffer> {
  for (let at = 0, number = 0; at < length; at += BLOCK.length, number++) {
    const block = Buffer.from(BLOCK);
    block.writeUInt32BE(number, 0);
    yield length - at < block.length ? block.subarray(0, length - at) : block;
  }
}

export function sumOf(chunks: Iterable<Uint8Array>): string {
  const hash = createHash("sha256");
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest("hex");
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://a");
  if (url.pathname === "/bytes") {
    const length = Number(url.searchParams.get("n"));
    if (url.searchParams.has("length")) response.setHeader("content-length", length);
    await pipeline(pattern(length), response);
    return;
  }
  const hash = createHash("sha256");
  for await (const chunk of request) hash.update(chunk as Buffer);
  response.end(hash.digest("hex"));
}

const WEBSOCKET_KEY = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

function upgrade(request: IncomingMessage, socket: Socket, early: Buffer): void {
  const key = request.headers["sec-websocket-key"];
  const accept = createHash("sha1").update(`${key}${WEBSOCKET_KEY}`).digest("base64");
  const fields = [
    "Connection: Upgrade",
    `Upgrade: ${request.headers.upgrade}`,
    `Sec-WebSocket-Accept: ${accept}`,
  ];
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields.join("\r\n")}\r\n\r\n`);
  socket.on("error", () => socket.destroy());
  if (early.length > 0) socket.unshift(early);
  if (request.headers.upgrade === "websocket")
    socket.on("data", (chunk: Buffer) => socket.write(unmasked(chunk)));
  else socket.pipe(socket);
}

/** A frame of a client as the server's echo of it; frames of a test are short and come whole. */
function unmasked(frame: Buffer): Buffer {
  const length = (frame[1] ?? 0) & 127;
  const mask = frame.subarray(2, 6);
  const text = Buffer.from(frame.subarray(6, 6 + length));
  for (let at = 0; at < text.length; at++) text[at] = (text[at] ?? 0) ^ (mask[at % 4] ?? 0);
  return Buffer.concat([Buffer.from([frame[0] ?? 0, length]), text]);
}

export async function startApplication(): Promise<{ port: number; close(): void }> {
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.on("upgrade", (request, socket, head) => upgrade(request, socket as Socket, head));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
