import type { RunId } from "../src/embedded/node/runtime.ts";
import { runText } from "../src/embedded/node/runtime.ts";
import { MemoryRuntime } from "../test/support/memory-node.ts";

/** MemoryRuntime whose programs lose their sockets when they are killed, as the kernel takes them from a process. */
export class SimRuntime extends MemoryRuntime {
  readonly #onKilled = new Map<string, () => void>();

  /** `listener` runs when the run is killed without having been asked; it must free what the program holds. */
  onKilled(id: RunId, listener: () => void): void {
    this.#onKilled.set(runText(id), listener);
  }

  override signal(id: RunId, signal: "SIGTERM" | "SIGKILL"): void {
    if (signal === "SIGKILL") this.#kill(runText(id));
    super.signal(id, signal);
  }

  override async remove(podUid: string): Promise<void> {
    for (const key of [...this.#onKilled.keys()]) if (key.startsWith(`${podUid}/`)) this.#kill(key);
    await super.remove(podUid);
  }

  #kill(key: string): void {
    this.#onKilled.get(key)?.();
    this.#onKilled.delete(key);
  }
}
