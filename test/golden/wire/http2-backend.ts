import http2, { type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { resetStream } from "../../../src/http/http2-library.ts";
import { bytesOf, type HeaderLines, textOf, valuesOf } from "./byte-reader.ts";
import { asObject, linesOf } from "./http2-client.ts";
import type { SeenRequest } from "./seen-request.ts";

export interface Http2Step {
  delayMs?: number;
  headers?: HeaderLines;
  data?: string;
  rst?: number;
  end?: boolean;
}

export interface Http2BackendOptions {
  /** Written behind the path in a start line: "HTTP/2" or "HTTP/2.0". */
  readonly proto: string;
  /** Pseudo fields that are noted as headers. */
  readonly pseudo: readonly string[];
  stepsFor(seen: SeenRequest): Http2Step[];
  began(seen: SeenRequest): void;
  ended(): void;
}

/** Serves HTTP/2 on a socket whose preface has not been read yet. */
export function serveHttp2(socket: Socket, options: Http2BackendOptions): void {
  const session = http2.performServerHandshake(socket);
  session.on("error", () => {});
  session.on("stream", (stream, _headers, _flags, raw) => {
    serveStream(stream, linesOf(raw), options).catch(() => stream.close(2));
  });
}

async function serveStream(
  stream: ServerHttp2Stream,
  lines: HeaderLines,
  options: Http2BackendOptions,
): Promise<void> {
  const pseudo = (name: string) => valuesOf(lines, name)[0];
  const startLine = `${pseudo(":method")} ${pseudo(":path") ?? "None"} ${options.proto}`;
  const headers = lines.filter(([name]) => !name.startsWith(":") || options.pseudo.includes(name));
  const seen: SeenRequest = { startLine, headers, body: "", framing: "h2" };
  options.began(seen);
  stream.on("error", () => {});
  stream.on("close", () => {
    if (stream.rstCode !== 0) Object.assign(seen, { resetCode: stream.rstCode, reset: stream.rstCode });
    options.ended();
  });
  stream.on("trailers", (_headers: unknown, _flags: unknown, raw: string[]) => {
    seen.trailers = linesOf(raw);
  });
  for await (const chunk of stream) seen.body += textOf(chunk as Buffer);
  await answer(stream, options.stepsFor(seen));
}

async function answer(stream: ServerHttp2Stream, steps: Http2Step[]): Promise<void> {
  const isTrailers = ({ headers }: Http2Step) =>
    headers !== undefined && valuesOf(headers, ":status").length === 0;
  const waitForTrailers = steps.some(isTrailers);
  let trailers: HeaderLines = [];
  if (waitForTrailers) stream.on("wantTrailers", () => stream.sendTrailers(asObject(trailers)));
  for (const step of steps) {
    if (step.delayMs !== undefined) await pause(step.delayMs);
    if (stream.destroyed) return;
    if (step.headers && isTrailers(step)) trailers = step.headers;
    else if (step.headers)
      stream.respond(asObject(step.headers), { endStream: step.end === true, waitForTrailers });
    if (step.data !== undefined) stream.write(bytesOf(step.data));
    if (step.rst !== undefined) resetStream(stream, step.rst);
    else if (step.end && !stream.writableEnded) stream.end();
  }
}
