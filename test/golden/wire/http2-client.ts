import http2 from "node:http2";
import { setTimeout as pause } from "node:timers/promises";
import { headersFrame, type RawFrame, RawHttp2 } from "../../support/raw-http2.ts";
import { bytesOf, type HeaderLines, textOf } from "./byte-reader.ts";
import { type DialTarget, dial, type Seen } from "./scripted-client.ts";

export interface Http2Request {
  headers: HeaderLines;
  body?: string;
  times?: number;
  trailers?: HeaderLines;
  rstAfterMs?: number;
}

export interface Http2ClientSpec {
  requests?: Http2Request[];
  timeoutMs?: number;
}

/** All requests of a recorded HTTP/2 client, on one connection, in the words of a recorded case. */
export async function runHttp2Client(spec: Http2ClientSpec, target: DialTarget): Promise<Seen> {
  const startedMs = Date.now();
  const requests = spec.requests ?? [];
  const deadline = pause(spec.timeoutMs ?? 8000, "timeout", { ref: false });
  if (requests.some(isImpolite)) return impolitely(requests[0] as Http2Request, target, deadline);
  const socket = await dial(target);
  const session = http2.connect(`http://${target.ip}:${target.port}`, { createConnection: () => socket });
  session.on("error", () => {});
  const all = requests.map((request) => one(session, request, startedMs));
  const outcome = await Promise.race([Promise.all(all.map(({ done }) => done)), deadline]);
  session.destroy();
  socket.destroy();
  const seen: Seen[] = all.map((each) => ({ ...each.seen }));
  const result: Seen = seen.length === 1 ? (seen[0] ?? {}) : { responses: seen };
  if (outcome === "timeout") result.timeout = true;
  return result;
}

function one(session: http2.ClientHttp2Session, request: Http2Request, startedMs: number) {
  const { body = "", times = 1, trailers, rstAfterMs } = request;
  const isEmpty = body === "" && trailers === undefined;
  const stream = session.request(asObject(request.headers), {
    endStream: isEmpty,
    waitForTrailers: trailers !== undefined,
  });
  const seen: Seen = { body: "", proto: "HTTP/2.0" };
  if (trailers) stream.on("wantTrailers", () => stream.sendTrailers(asObject(trailers)));
  if (!isEmpty) stream.end(bytesOf(body.repeat(times)));
  stream.on("response", (_headers, _flags, raw: string[]) => {
    const lines = linesOf(raw);
    seen.status = Number(lines.find(([name]) => name === ":status")?.[1]);
    seen.headers = lines.filter(([name]) => name !== ":status");
    seen.headMs = Date.now() - startedMs;
  });
  stream.on("headers", (_headers, _flags, raw: string[]) => {
    seen.interim ??= [];
    seen.interim.push({ status: Number(linesOf(raw)[0]?.[1]), headers: [] });
  });
  stream.on("trailers", (_headers: unknown, _flags: unknown, raw: string[]) => {
    seen.trailers = linesOf(raw);
  });
  stream.on("data", (chunk: Buffer) => {
    seen.body += textOf(chunk);
  });
  stream.on("error", () => {});
  const done = new Promise<void>((resolve) => {
    if (rstAfterMs !== undefined) {
      setTimeout(() => {
        stream.close(8);
        for (const key of Object.keys(seen)) delete seen[key];
        seen.gone = true;
        setTimeout(resolve, 100);
      }, rstAfterMs);
    }
    stream.on("close", () => {
      if (seen.gone) return;
      if (stream.rstCode) seen.resetCode = stream.rstCode;
      seen.doneMs = Date.now() - startedMs;
      resolve();
    });
  });
  return { seen, done };
}

/** What node:http2 would not send. */
function isImpolite({ headers }: Http2Request): boolean {
  return headers.some(([name]) => name !== name.toLowerCase() || name === "connection");
}

async function impolitely(
  request: Http2Request,
  target: DialTarget,
  deadline: Promise<string>,
): Promise<Seen> {
  const raw = new RawHttp2(await dial(target));
  raw.greet();
  raw.send(headersFrame(1, request.headers, { endStream: true }));
  const answer: Promise<RawFrame | undefined> = raw.next(
    ({ type }) => type === "RST_STREAM" || type === "GOAWAY",
  );
  const frame = await Promise.race([answer, deadline]);
  raw.close();
  if (typeof frame === "string" || frame === undefined) return { noResponse: "timeout" };
  return { resetCode: frame.payload.readUInt32BE(frame.type === "GOAWAY" ? 4 : 0) };
}

export function linesOf(raw: readonly string[]): HeaderLines {
  const lines: HeaderLines = [];
  for (let at = 0; at < raw.length; at += 2) lines.push([raw[at] ?? "", raw[at + 1] ?? ""]);
  return lines;
}

export function asObject(lines: HeaderLines): http2.OutgoingHttpHeaders {
  const object: Record<string, string | string[]> = {};
  for (const [name, value] of lines) {
    const before = object[name];
    object[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  return object;
}
