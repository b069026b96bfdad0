import { once } from "node:events";
import { connect as connectSocket, type Socket } from "node:net";
import { failure } from "../../api/status.ts";
import { messageOf } from "../../base/errors.ts";
import type { Address } from "../../http/conn.ts";
import type { NodeAgent } from "./node-agent.ts";
import type { ContainerStart, RunId } from "./runtime.ts";

/** What `kubectl exec` and `attach` ask for; the API server's port has the same shape. */
export interface CommandRequest {
  readonly uid: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly tty: boolean;
}

/** A runtime that can hand a program's streams to somebody. */
export interface StreamingRuntime<Running> {
  /** A command beside the run. */
  execStreams(beside: ContainerStart, how: { command: readonly string[]; tty: boolean }): Promise<Running>;
  /** The run's own streams, from now until it is over. `endsInput`: its input ends with this caller's. */
  attachStreams(run: RunId, how: { over: Promise<void>; endsInput: boolean }): Promise<Running>;
}

/** Streams into pods of processes: commands beside their containers, the containers' own, and their ports. */
export class ProcessStreams<Running extends { readonly stdin?: { end(): void } }> {
  readonly #agent: Pick<NodeAgent, "worker">;
  readonly #runtime: StreamingRuntime<Running>;

  constructor(options: { agent: Pick<NodeAgent, "worker">; runtime: StreamingRuntime<Running> }) {
    this.#agent = options.agent;
    this.#runtime = options.runtime;
  }

  /** Rejects with ApiError when the container does not run or the command cannot. */
  async exec({ uid, pod, container, command, tty }: CommandRequest): Promise<Running> {
    const beside = await this.#agent.worker(uid)?.beside(container);
    if (!beside) throw notRunning(pod, container);
    try {
      return await this.#runtime.execStreams(beside, { command, tty });
    } catch (thrown) {
      const text = `cannot run "${command[0]}" in pod "${pod}": ${messageOf(thrown)}`;
      throw failure(500, "InternalError", text);
    }
  }

  /** Rejects with ApiError when the container does not run, or is to be fed and takes no input. */
  async attach({ uid, pod, container, stdin }: CommandRequest): Promise<Running> {
    const worker = this.#agent.worker(uid);
    const run = worker?.runningRun(container);
    if (!worker || !run) throw notRunning(pod, container);
    const spec = worker.pod.spec.containers.find(({ name }) => name === container);
    if (stdin && spec?.stdin !== true) {
      const text = `container "${container}" of pod "${pod}" takes no input: it has no "stdin: true"`;
      throw failure(400, "BadRequest", text);
    }
    const endsInput = stdin && spec?.stdinOnce === true;
    return this.#runtime.attachStreams(run, { over: worker.whenOver(run), endsInput });
  }

  /** Rejects with ApiError when nothing listens there. */
  async connect({ uid, pod, port }: { uid: string; pod: string; port: number }): Promise<Socket> {
    const worker = this.#agent.worker(uid);
    if (!worker) throw failure(404, "NotFound", `pod "${pod}" does not run here any more`);
    try {
      return await connected(worker.locate(port));
    } catch (thrown) {
      const declared = worker.pod.spec.containers.flatMap(({ ports = [] }) =>
        ports.map(({ containerPort }) => containerPort),
      );
      const hint = declared.includes(port) ? "" : `; its containers declare ${declared.join(", ") || "none"}`;
      const text = `cannot connect to port ${port} of pod "${pod}": ${messageOf(thrown)}${hint}`;
      throw failure(500, "InternalError", text);
    }
  }

  /** Resolves when nothing of the pod runs any more. */
  ended(uid: string): Promise<void> {
    return this.#agent.worker(uid)?.finished ?? Promise.resolve();
  }
}

function notRunning(pod: string, container: string): Error {
  return failure(500, "InternalError", `container "${container}" of pod "${pod}" runs no program here`);
}

async function connected({ ip, port }: Address): Promise<Socket> {
  const socket = connectSocket({ host: ip, port, allowHalfOpen: true, noDelay: true });
  await once(socket, "connect");
  return socket;
}
