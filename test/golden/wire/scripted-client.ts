import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import {
  ByteReader,
  bytesOf,
  type HeaderLines,
  parseHead,
  ReadTimeout,
  readChunked,
  textOf,
  valuesOf,
} from "./byte-reader.ts";

export interface ClientStep {
  send?: string;
  times?: number;
  delayMs?: number;
  recvUntil?: string;
  recv?: number;
  recvAll?: boolean;
  drop?: boolean;
  closeWrite?: boolean;
  close?: boolean;
  reset?: boolean;
}

export interface ClientSpec {
  send?: string | ClientStep[];
  responses?: number;
  timeoutMs?: number;
  closeWaitMs?: number;
  methods?: string[];
  upgraded?: ClientStep[];
  tls?: boolean | { maxVersion?: string };
}

/** What a client saw, in the words of a recorded case. */
export interface Seen {
  status?: number;
  reason?: string;
  proto?: string;
  headers?: HeaderLines;
  framing?: string;
  body?: string;
  trailers?: HeaderLines;
  interim?: { status: number; headers: HeaderLines }[];
  responses?: Seen[];
  closed?: boolean;
  truncated?: boolean;
  stalled?: boolean;
  noResponse?: string;
  rest?: string;
  extra?: string;
  upgraded?: string;
  connectError?: string;
  clientClosed?: boolean;
  gone?: boolean;
  stepTimeout?: boolean;
  sendFailed?: boolean;
  headMs?: number;
  doneMs?: number;
  [other: string]: unknown;
}

export interface DialTarget {
  readonly ip: string;
  readonly port: number;
  readonly from?: string;
  /** No certificate is doubted. */
  readonly tls?: boolean | { maxVersion?: string };
}

export function dial({ ip, port, from, tls }: DialTarget): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const options = {
      host: ip,
      port,
      noDelay: true,
      allowHalfOpen: true,
      ...(from && { localAddress: from }),
    };
    const maxVersion = typeof tls === "object" && tls.maxVersion === "1.2" ? "TLSv1.2" : "TLSv1.3";
    const socket = tls
      ? connectTls({ ...options, rejectUnauthorized: false, maxVersion }, () => resolve(socket))
      : connect(options, () => resolve(socket));
    socket.once("error", reject);
  });
}

export async function runClient(spec: ClientSpec, target: DialTarget): Promise<Seen> {
  const startedMs = Date.now();
  let socket: Socket;
  try {
    socket = await dial({ ...target, ...(spec.tls && { tls: spec.tls }) });
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : "";
    return { connectError: code === "ECONNREFUSED" ? "refused" : "other" };
  }
  const reader = new ByteReader(socket);
  const seen: Seen = {};
  const deadline = startedMs + (spec.timeoutMs ?? 8000);
  const steps: ClientStep[] = typeof spec.send === "string" ? [{ send: spec.send }] : (spec.send ?? []);
  try {
    for (const step of steps)
      if (!(await takeStep(step, reader, deadline))) return { clientClosed: true, gone: true };
  } catch (thrown) {
    if (!(thrown instanceof ReadTimeout)) throw thrown;
    seen.stepTimeout = true;
  }
  const text = steps.map(({ send = "" }) => send).join("");
  const methods = spec.methods ?? [text.split(" ", 1)[0] ?? ""];
  await readResponses({ spec, methods, deadline, startedMs }, reader, seen);
  await lookWhetherClosed(spec, reader, { seen, startedMs });
  socket.destroy();
  return seen;
}

async function takeStep(step: ClientStep, reader: ByteReader, deadline: number): Promise<boolean> {
  const { socket } = reader;
  if (step.delayMs !== undefined) await pause(step.delayMs);
  if (step.send !== undefined) socket.write(bytesOf(step.send.repeat(step.times ?? 1)));
  if (step.recvUntil !== undefined) {
    while (!reader.buffer.includes(step.recvUntil, 0, "latin1") && (await reader.fill(deadline))) {}
    if (step.drop) await reader.until(step.recvUntil, deadline);
  }
  if (step.closeWrite) socket.end();
  if (step.close) socket.destroy();
  if (step.reset) socket.resetAndDestroy();
  return !step.close && !step.reset;
}

interface Reading {
  readonly spec: ClientSpec;
  readonly methods: string[];
  readonly deadline: number;
  readonly startedMs: number;
}

async function readResponses(reading: Reading, reader: ByteReader, seen: Seen): Promise<void> {
  const { spec, methods, deadline, startedMs } = reading;
  const count = spec.responses ?? 1;
  const all: Seen[] = [];
  for (let index = 0; index < count; index++) {
    const one = count > 1 ? {} : seen;
    const method = methods[Math.min(index, methods.length - 1)] ?? "";
    const whole = await readResponse(reader, { method, deadline }, one);
    if (one.headMs !== undefined) one.headMs -= startedMs;
    one.doneMs = Date.now() - startedMs;
    all.push(one);
    if (!whole) break;
  }
  if (count > 1) seen.responses = all;
  seen.doneMs = all.at(-1)?.doneMs ?? 0;
}

/** Fills `seen`; true when a whole final response was read. */
export async function readResponse(
  reader: ByteReader,
  { method, deadline }: { method: string; deadline: number },
  seen: Seen,
): Promise<boolean> {
  for (;;) {
    let head: Buffer | undefined;
    try {
      head = await reader.until("\r\n\r\n", deadline);
    } catch (thrown) {
      if (!(thrown instanceof ReadTimeout)) throw thrown;
      seen.noResponse = "timeout";
    }
    if (head === undefined) {
      seen.noResponse ??= reader.failed ? "reset" : "eof";
      seen.rest = textOf(reader.buffer);
      return false;
    }
    const { startLine, headers } = parseHead(head);
    const line = /^(HTTP\/\d\.\d) (\d\d\d) ?(.*)$/.exec(startLine);
    if (!line) {
      seen.noResponse = "garbage";
      seen.rest = textOf(head) + textOf(reader.buffer);
      return false;
    }
    const status = Number(line[2]);
    if (status >= 100 && status < 200 && status !== 101) {
      seen.interim ??= [];
      seen.interim.push({ status, headers });
      continue;
    }
    Object.assign(seen, { proto: line[1], status, reason: line[3], headers, headMs: Date.now() });
    return readResponseBody(reader, { method, deadline }, seen);
  }
}

async function readResponseBody(
  reader: ByteReader,
  { method, deadline }: { method: string; deadline: number },
  seen: Seen,
): Promise<boolean> {
  const headers = seen.headers ?? [];
  const coding = valuesOf(headers, "transfer-encoding").at(-1);
  const [length] = valuesOf(headers, "content-length");
  try {
    if (seen.status === 101) {
      seen.framing = "upgrade";
    } else if (method === "HEAD" || seen.status === 204 || seen.status === 304) {
      Object.assign(seen, { framing: "none", body: "" });
    } else if (coding?.toLowerCase().endsWith("chunked")) {
      seen.framing = "chunked";
      const read = await readChunked(reader, deadline, seen);
      seen.body = read.body;
      if (read.trailers.length > 0) seen.trailers = read.trailers;
      if (!read.complete) seen.truncated = true;
    } else if (length !== undefined) {
      seen.framing = "length";
      const body = await reader.exactly(Number(length), deadline);
      seen.body = textOf(body);
      if (body.length < Number(length)) seen.truncated = true;
    } else {
      seen.framing = "close";
      seen.body = textOf(await reader.rest(deadline));
    }
    return true;
  } catch (thrown) {
    if (!(thrown instanceof ReadTimeout)) throw thrown;
    Object.assign(seen, { truncated: true, stalled: true });
    if (seen.framing !== "chunked") seen.body = textOf(await reader.rest(0));
    return false;
  }
}

async function lookWhetherClosed(
  spec: ClientSpec,
  reader: ByteReader,
  { seen, startedMs }: { seen: Seen; startedMs: number },
): Promise<void> {
  if (seen.framing === "upgrade") {
    await useTunnel(spec, reader);
    if (reader.ended) seen.doneMs = Date.now() - startedMs;
    seen.upgraded = textOf(reader.buffer);
    seen.closed = reader.ended;
    return;
  }
  if (seen.noResponse === "timeout") {
    seen.closed = false;
    return;
  }
  await fillFor(reader, spec.closeWaitMs ?? 300);
  seen.closed = reader.ended;
  if (reader.buffer.length > 0 && seen.noResponse === undefined) seen.extra = textOf(reader.buffer);
}

async function useTunnel(spec: ClientSpec, reader: ByteReader): Promise<void> {
  const far = Date.now() + (spec.timeoutMs ?? 8000);
  for (const step of spec.upgraded ?? []) {
    await takeStep(step, reader, far);
    if (step.recv !== undefined) while (reader.buffer.length < step.recv && (await reader.fill(far))) {}
    if (step.recvAll) await fillFor(reader, spec.timeoutMs ?? 8000);
  }
  if (spec.upgraded === undefined) await fillFor(reader, spec.closeWaitMs ?? 300);
}

/** Until the end, or until nothing came for `quietMs`. */
async function fillFor(reader: ByteReader, quietMs: number): Promise<void> {
  try {
    while (await reader.fill(Date.now() + quietMs)) {}
  } catch (thrown) {
    if (!(thrown instanceof ReadTimeout)) throw thrown;
  }
}
