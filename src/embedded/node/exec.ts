import { failure } from "../../api/status.ts";
import { messageOf } from "../../base/errors.ts";
import type { NodeAgent } from "./node-agent.ts";
import type { ContainerStart } from "./runtime.ts";

/** What `kubectl exec` asks for; the API server's port has the same shape. */
export interface ExecRequest {
  readonly uid: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly tty: boolean;
}

/** A runtime that can hand a command's streams to somebody. */
export interface AttachingRuntime<Running> {
  attach(beside: ContainerStart, command: readonly string[], tty: boolean): Promise<Running>;
}

/** Runs commands beside containers: in the same folder and environment, with the same volumes. */
export class ProcessExec<Running extends { endInput(): void }> {
  readonly #agent: Pick<NodeAgent, "worker">;
  readonly #runtime: AttachingRuntime<Running>;

  constructor(options: { agent: Pick<NodeAgent, "worker">; runtime: AttachingRuntime<Running> }) {
    this.#agent = options.agent;
    this.#runtime = options.runtime;
  }

  /** Rejects with ApiError when the container does not run or the command cannot. */
  async start({ uid, pod, container, command, stdin, tty }: ExecRequest): Promise<Running> {
    const beside = await this.#agent.worker(uid)?.beside(container);
    if (!beside)
      throw failure(500, "InternalError", `container "${container}" of pod "${pod}" runs no program here`);
    try {
      const running = await this.#runtime.attach(beside, command, tty);
      if (!stdin) running.endInput();
      return running;
    } catch (thrown) {
      const text = `cannot run "${command[0]}" in pod "${pod}": ${messageOf(thrown)}`;
      throw failure(500, "InternalError", text);
    }
  }
}
