import { failure } from "../../api/status.ts";
import type { Clock } from "../../base/clock.ts";
import type { ContainerLife } from "./container-life.ts";
import { bytesFrom, lineStart, sizeOf, tailStart } from "./log-file.ts";
import type { LogTimes } from "./log-times.ts";
import type { NodeAgent } from "./node-agent.ts";
import { runFiles } from "./pod-folder.ts";
import { isWaitingToRestart } from "./pod-status.ts";

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

/** Reads the log files of process pods. Their lines carry no times; `LogTimes` knows them. */
export class ProcessLogs {
  readonly #pods: string;
  readonly #agent: Pick<NodeAgent, "worker">;
  readonly #times: LogTimes;
  readonly #clock: Clock;

  /** `pods` is the folder that the process runtime uses, `times` are the runtime's. */
  constructor(options: {
    pods: string;
    agent: Pick<NodeAgent, "worker">;
    times: LogTimes;
    clock: Clock;
  }) {
    this.#pods = options.pods;
    this.#agent = options.agent;
    this.#times = options.times;
    this.#clock = options.clock;
  }

  /** Chunks from the start or the last `tailLines`; with `follow` until the run ended or `signal` aborts. */
  async read(request: LogRequest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const { run, path } = await this.#logOf(request);
    const tail = request.tailLines === undefined ? 0 : await tailStart(path, request.tailLines);
    const start = Math.max(tail, await lineStart(path, this.#bytesBefore(path, request)));
    const over = request.follow ? this.#agent.worker(run.podUid)?.whenOver(run) : undefined;
    const parts = bytesFrom(path, { start, signal, ...(over ? { over } : {}) });
    if (!request.timestamps) return limited(parts, request.limitBytes);
    return limited(stamped(parts, start, this.#times.timesOf(path)), request.limitBytes);
  }

  /** Of what was written before the time asked for. */
  #bytesBefore(path: string, { sinceSeconds, sinceTime }: LogRequest): number {
    if (sinceSeconds === undefined && sinceTime === undefined) return 0;
    const sinceMs =
      sinceTime === undefined ? this.#clock.wall() - (sinceSeconds ?? 0) * 1000 : Date.parse(sinceTime);
    // Lines of that very moment belong to the answer.
    return Number.isNaN(sinceMs) ? 0 : this.#times.bytesBefore(path, sinceMs - 1);
  }

  /** The newest run that has written anything, or the one before. Rejects with ApiError when there is none. */
  async #logOf({ uid: podUid, pod, container, previous }: LogRequest) {
    const life = this.#agent.worker(podUid)?.state.containers.find(({ name }) => name === container);
    for (const restart of life ? candidates(life, previous) : []) {
      const run = { podUid, container, restart };
      const path = runFiles(this.#pods, run).log;
      if ((await sizeOf(path)) !== undefined) return { run, path };
    }
    const which = `container "${container}" in pod "${pod}"`;
    if (previous) throw failure(400, "BadRequest", `previous terminated ${which} not found`);
    const reason = life?.life.phase === "waiting" ? life.life.reason : "ContainerCreating";
    throw failure(400, "BadRequest", `${which} is waiting to start: ${waitingText(reason)}`);
  }
}

/** Restarts whose log is meant, the best one first: a start under way has written nothing yet. */
function candidates(life: ContainerLife, previous: boolean): number[] {
  const { restart, starting } = life;
  // A container that waits for its restart has its last run behind it; so does one that is being started again.
  if (previous) return isWaitingToRestart(life) ? [restart] : [restart - 1];
  return starting ? [restart, restart - 1] : [restart];
}

/** The kubelet's words for containers that have no log yet. */
function waitingText(reason: string): string {
  if (reason === "ErrImagePull") return "image can't be pulled";
  return reason === "ImagePullBackOff" ? "trying and failing to pull image" : reason;
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
