import { watch } from "node:fs";
import { open, stat } from "node:fs/promises";
import { failure } from "../../api/status.ts";
import type { Clock } from "../../base/clock.ts";
import type { LogTimes } from "./log-times.ts";
import type { NodeAgent } from "./node-agent.ts";
import { runFiles } from "./pod-folder.ts";

/** What `kubectl logs` asks for; the API server's port has the same shape. */
export interface LogRequest {
  readonly uid: string;
  readonly pod: string;
  readonly container: string;
  readonly follow: boolean;
  /** The run before the last restart. */
  readonly previous: boolean;
  readonly timestamps?: boolean;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  readonly sinceSeconds?: number;
  /** RFC 3339. */
  readonly sinceTime?: string;
}

const CHUNK_BYTES = 64 * 1024;

/** Reads the log files of process pods. Their lines carry no times; `LogTimes` knows them to the second. */
export class ProcessLogs {
  readonly #pods: string;
  readonly #agent: Pick<NodeAgent, "worker">;
  readonly #times: LogTimes | undefined;
  readonly #clock: Clock | undefined;

  /** `pods` is the folder that the process runtime uses; without `times` (the runtime's) nobody knows when. */
  constructor(options: {
    pods: string;
    agent: Pick<NodeAgent, "worker">;
    times?: LogTimes;
    clock?: Clock;
  }) {
    this.#pods = options.pods;
    this.#agent = options.agent;
    this.#times = options.times;
    this.#clock = options.clock;
  }

  /** Chunks from the start or the last `tailLines`; with `follow` until the run ended or `signal` aborts. */
  async read(request: LogRequest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const { uid, container, previous, pod } = request;
    const restart = this.#restartOf(request);
    const path = restart === undefined ? "" : runFiles(this.#pods, { podUid: uid, container, restart }).log;
    if (restart === undefined || (await sizeOf(path)) === undefined)
      throw failure(
        400,
        "BadRequest",
        previous
          ? `previous terminated container "${container}" in pod "${pod}" not found`
          : `container "${container}" in pod "${pod}" is waiting to start: ContainerCreating`,
      );
    const tail = request.tailLines === undefined ? 0 : await tailStart(path, request.tailLines);
    const start = Math.max(tail, await lineStart(path, this.#bytesBefore(path, request)));
    const isOver = () => !request.follow || this.#hasEnded(uid, container, restart);
    const parts = chunks(path, { start, isOver, signal });
    if (!request.timestamps) return limited(parts, request.limitBytes);
    const timeOf = (position: number) => this.#times?.timeOf(path, position) ?? this.#clock?.wall() ?? 0;
    return limited(stamped(parts, start, timeOf), request.limitBytes);
  }

  /** Of what was written before the time asked for. */
  #bytesBefore(path: string, { sinceSeconds, sinceTime }: LogRequest): number {
    const nowMs = this.#clock?.wall() ?? 0;
    const sinceMs = sinceTime === undefined ? nowMs - (sinceSeconds ?? 0) * 1000 : Date.parse(sinceTime);
    if ((sinceSeconds === undefined && sinceTime === undefined) || Number.isNaN(sinceMs)) return 0;
    return this.#times?.bytesBefore(path, sinceMs) ?? 0;
  }

  #restartOf({ uid, container, previous }: LogRequest): number | undefined {
    const life = this.#agent.worker(uid)?.state.containers.find(({ name }) => name === container);
    if (!life) return undefined;
    if (!previous) return life.restart;
    return life.restart > 0 ? life.restart - 1 : undefined;
  }

  #hasEnded(uid: string, container: string, restart: number): boolean {
    const life = this.#agent.worker(uid)?.state.containers.find(({ name }) => name === container);
    return !life || life.restart !== restart || life.life.phase === "terminated";
  }
}

async function* chunks(
  path: string,
  how: { readonly start: number; readonly isOver: () => boolean; readonly signal: AbortSignal },
): AsyncIterable<Uint8Array> {
  const file = await open(path, "r");
  const changes = new Changes(path, how.signal);
  try {
    let position = how.start;
    while (!how.signal.aborted) {
      // Asked before reading: what was written until the end is then surely read.
      const isLast = how.isOver();
      const buffer = Buffer.alloc(CHUNK_BYTES);
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, position);
      position += bytesRead;
      if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
      else if (isLast) return;
      else await changes.next();
    }
  } finally {
    changes.close();
    await file.close();
  }
}

/** Wakes when the file grew, or its folder changed (the exit record), or the reader left. */
class Changes {
  readonly #watchers: { close(): void }[];
  #wake: (() => void) | undefined;
  #isDirty = false;

  constructor(path: string, signal: AbortSignal) {
    const folder = path.slice(0, path.lastIndexOf("/"));
    const changed = () => {
      this.#isDirty = true;
      this.#wake?.();
    };
    this.#watchers = [path, folder].map((watched) => watch(watched, { persistent: false }, changed));
    signal.addEventListener("abort", changed, { once: true });
  }

  async next(): Promise<void> {
    if (!this.#isDirty)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    this.#isDirty = false;
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close();
  }
}

async function* limited(
  parts: AsyncIterable<Uint8Array>,
  limitBytes = Number.POSITIVE_INFINITY,
): AsyncIterable<Uint8Array> {
  let left = limitBytes;
  for await (const part of parts) {
    yield part.subarray(0, Math.min(part.length, left));
    left -= part.length;
    if (left <= 0) return;
  }
}

/** A time before each line, as Kubernetes writes it. */
async function* stamped(
  parts: AsyncIterable<Uint8Array>,
  start: number,
  timeOf: (position: number) => number,
): AsyncIterable<Uint8Array> {
  let position = start;
  let isLineStart = true;
  for await (const part of parts) {
    const pieces: Uint8Array[] = [];
    let from = 0;
    while (from < part.length) {
      if (isLineStart) pieces.push(Buffer.from(`${new Date(timeOf(position + from)).toISOString()} `));
      const end = part.indexOf(0x0a, from);
      const until = end < 0 ? part.length : end + 1;
      pieces.push(part.subarray(from, until));
      isLineStart = end >= 0;
      from = until;
    }
    position += part.length;
    yield Buffer.concat(pieces);
  }
}

/** Where the first whole line at or behind `position` begins. */
async function lineStart(path: string, position: number): Promise<number> {
  if (position === 0) return 0;
  const file = await open(path, "r");
  try {
    for (let at = position - 1; ; ) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, at);
      const end = buffer.subarray(0, bytesRead).indexOf(0x0a);
      if (end >= 0) return at + end + 1;
      if (bytesRead === 0) return at;
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
}

/** The position of the last `lines` lines, looked for from the end. */
async function tailStart(path: string, lines: number): Promise<number> {
  const size = (await sizeOf(path)) ?? 0;
  if (lines <= 0) return size;
  const file = await open(path, "r");
  try {
    let position = size;
    let seen = 0;
    while (position > 0) {
      const length = Math.min(CHUNK_BYTES, position);
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, position - length);
      for (let index = length - 1; index >= 0; index--) {
        const at = position - length + index;
        // The line break that ends the file ends its last line and begins none.
        if (buffer[index] !== 0x0a || at === size - 1) continue;
        seen++;
        if (seen === lines) return at + 1;
      }
      position -= length;
    }
    return 0;
  } finally {
    await file.close();
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw thrown;
  }
}
