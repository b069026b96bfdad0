import type { Clock } from "../src/base/clock.ts";
import type { Random } from "../src/base/random.ts";
import type { Exit, RunId } from "../src/embedded/node/runtime.ts";
import { runText } from "../src/embedded/node/runtime.ts";
import { MemoryRuntime } from "../test/support/memory-node.ts";

/** How late the engine learns of a program's end, at most. */
const NOTICE_MS = 20;

/**
 * MemoryRuntime whose programs lose their sockets when they are killed, as the kernel takes them from a process, and
 * whose ends are noticed later than they happen.
 */
export class SimRuntime extends MemoryRuntime {
  readonly #onKilled = new Map<string, () => void>();
  readonly #clock: Clock;
  readonly #random: Random;
  /** How the engine's process is told of a program's end. */
  tell: (task: () => void) => void = (task) => task();

  constructor(ports: { clock: Clock; random: Random }) {
    super({ clock: ports.clock });
    this.#clock = ports.clock;
    this.#random = ports.random;
  }

  override onExit(listener: (id: RunId, exit: Exit) => void): void {
    super.onExit((id, exit) => {
      this.#clock.schedule(this.#random.next() * NOTICE_MS, () => this.tell(() => listener(id, exit)));
    });
  }

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
