import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { createServer as createTlsServer } from "node:tls";
import { PREFACE } from "../../support/raw-http2.ts";
import { ByteReader, bytesOf, parseHead, readChunked, textOf, valuesOf } from "./byte-reader.ts";
import { type Http2Step, serveHttp2 } from "./http2-backend.ts";
import type { SeenRequest } from "./seen-request.ts";

export interface BackendStep {
  expectStartsWith?: string;
  delayMs?: number;
  readBody?: boolean;
  send?: string;
  times?: number;
  count?: boolean;
  statusByRequest?: number[];
  echo?: boolean;
  recvUntil?: string;
  recv?: number;
  waitEofMs?: number;
  closeWrite?: boolean;
  reset?: boolean;
  close?: boolean;
}

const FAR_MS = 120_000;

/** An application that does what a recorded case says and notes what it saw. */
export class ScriptedBackend {
  readonly requests: SeenRequest[] = [];
  connections = 0;
  maxActive = 0;
  #active = 0;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  readonly #options: BackendOptions;

  constructor(options: BackendOptions) {
    this.#options = options;
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      const onSocket = (socket: Socket) => {
        const index = this.connections++;
        this.#sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => this.#sockets.delete(socket));
        this.#accept(socket, index).catch(() => socket.destroy());
      };
      const { tls } = this.#options;
      const options = { allowHalfOpen: true, noDelay: true };
      const server = tls
        ? createTlsServer({ ...options, ...tls }, onSocket)
        : createServer(options, onSocket);
      server.on("error", reject);
      server.listen(this.#options.port, this.#options.ip, () => resolve());
      this.#server = server;
    });
  }

  /** Takes no new connection; `reset` cuts the open ones. */
  stop(options: { reset?: boolean } = {}): void {
    this.#server?.close();
    this.#server = undefined;
    if (options.reset) for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  close(): void {
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #accept(socket: Socket, index: number): Promise<void> {
    const { http2 } = this.#options;
    if (http2 && (await beginsWithPreface(socket))) this.#serveHttp2(socket, http2);
    else await this.#serve(socket, index);
  }

  #serveHttp2(socket: Socket, { proto, pseudo, stepsFor }: Http2Options): void {
    serveHttp2(socket, {
      proto,
      pseudo,
      stepsFor,
      began: (seen) => {
        this.requests.push(seen);
        this.#active += 1;
        this.maxActive = Math.max(this.maxActive, this.#active);
      },
      ended: () => {
        this.#active -= 1;
      },
    });
  }

  async #serve(socket: Socket, index: number): Promise<void> {
    const reader = new ByteReader(socket);
    const far = Date.now() + FAR_MS;
    for (const step of this.#options.onAccept ?? []) {
      if (!(await this.#step(step, reader, undefined))) return;
    }
    for (;;) {
      const head = await reader.until("\r\n\r\n", far);
      if (head === undefined) {
        socket.end();
        return;
      }
      const seen: SeenRequest = { ...parseHead(head), body: "" };
      const steps = this.#options.stepsFor(seen, index);
      if (steps === "probe") {
        await this.#options.onProbe?.(seen, socket);
        continue;
      }
      if (!(await this.#answer(seen, steps, reader))) return;
    }
  }

  async #answer(seen: SeenRequest, steps: BackendStep[] | undefined, reader: ByteReader): Promise<boolean> {
    this.requests.push(seen);
    this.#active += 1;
    this.maxActive = Math.max(this.maxActive, this.#active);
    try {
      if (steps === undefined) {
        reader.socket.destroy();
        return false;
      }
      if (this.#options.bodyFirst) await readBody(reader, seen);
      for (const step of steps) if (!(await this.#step(step, reader, seen))) return false;
      return true;
    } finally {
      this.#active -= 1;
    }
  }

  async #step(step: BackendStep, reader: ByteReader, seen: SeenRequest | undefined): Promise<boolean> {
    const { socket } = reader;
    const write = (text: string) => socket.write(bytesOf(text));
    if (step.delayMs !== undefined) await pause(step.delayMs);
    if (step.readBody && seen) await readBody(reader, seen);
    if (step.send !== undefined) write(step.send.repeat(step.times ?? 1));
    if (step.count) {
      const text = String(this.requests.length);
      write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
    }
    if (step.statusByRequest && seen) {
      const index = Math.min(this.requests.indexOf(seen), step.statusByRequest.length - 1);
      write(`HTTP/1.1 ${step.statusByRequest[index]} X\r\nContent-Length: 0\r\n\r\n`);
    }
    if (step.echo) return echo(reader);
    if (step.recvUntil !== undefined && seen) {
      seen.body += textOf((await reader.until(step.recvUntil, Date.now() + FAR_MS)) ?? Buffer.alloc(0));
    }
    if (step.recv !== undefined && seen) {
      seen.raw = (seen.raw ?? "") + textOf(await reader.exactly(step.recv, Date.now() + FAR_MS));
    }
    if (step.waitEofMs !== undefined && seen) {
      const data = await reader.rest(Date.now() + step.waitEofMs);
      seen.peerClosed = reader.ended;
      seen.afterEof = textOf(data);
    }
    if (step.closeWrite) socket.end();
    if (step.reset) socket.resetAndDestroy();
    if (step.close) {
      // A close as the system does it: what was written goes out first.
      socket.end();
      socket.destroySoon();
    }
    return !step.reset && !step.close;
  }
}

/** Nothing of what came is taken. */
async function beginsWithPreface(socket: Socket): Promise<boolean> {
  const [first] = (await once(socket, "readable").then(() => [socket.read() as Buffer | null])) ?? [];
  if (!first) return false;
  socket.unshift(first);
  return textOf(first).startsWith(PREFACE.slice(0, first.length));
}

export interface Http2Options {
  readonly proto: string;
  readonly pseudo: readonly string[];
  readonly stepsFor: (seen: SeenRequest) => Http2Step[];
}

export interface BackendOptions {
  readonly tls?: { readonly cert: string; readonly key: string };
  /** HTTP/2 by prior knowledge is spoken too. */
  readonly http2?: Http2Options;
  readonly ip: string;
  readonly port: number;
  readonly bodyFirst: boolean;
  readonly onAccept?: BackendStep[];
  readonly stepsFor: (seen: SeenRequest, connection: number) => BackendStep[] | "probe" | undefined;
  readonly onProbe?: (seen: SeenRequest, socket: Socket) => Promise<void>;
}

async function readBody(reader: ByteReader, seen: SeenRequest): Promise<void> {
  const far = Date.now() + FAR_MS;
  const [length] = valuesOf(seen.headers, "content-length");
  if (valuesOf(seen.headers, "transfer-encoding").length > 0) {
    seen.framing = "chunked";
    Object.assign(seen, await readChunked(reader, far));
  } else if (length !== undefined) {
    seen.framing = "length";
    const body = await reader.exactly(Number(length), far);
    seen.body = textOf(body);
    seen.complete = body.length === Number(length);
  } else {
    seen.framing = "none";
  }
}

async function echo(reader: ByteReader): Promise<false> {
  for (;;) {
    if (reader.buffer.length > 0) reader.socket.write(await reader.exactly(reader.buffer.length, 0));
    if (!(await reader.fill(Date.now() + 60_000))) break;
  }
  reader.socket.end();
  return false;
}
