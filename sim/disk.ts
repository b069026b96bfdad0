import type { Clock } from "../src/base/clock.ts";
import type { Random } from "../src/base/random.ts";
import { MemoryStorage } from "../src/embedded/apiserver/storage/memory-storage.ts";
import type {
  ChangesQuery,
  ListQuery,
  Page,
  Revision,
  Write,
} from "../src/embedded/apiserver/storage/storage.ts";

/** A disk that takes its time: what it has not written when the engine is killed is lost. */
export class SimDisk extends MemoryStorage {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #commitMs: number;
  #isWriting = false;
  /** How the engine's process is told of what the disk's thread has done. */
  tell: (task: () => void) => void = (task) => task();

  constructor(ports: { clock: Clock; random: Random }) {
    super({ durability: "manual" });
    this.#clock = ports.clock;
    this.#random = ports.random;
    this.#commitMs = ports.random.next() < 0.5 ? 0 : 6 * ports.random.next();
  }

  override async list(query: ListQuery): Promise<Page> {
    const page = await super.list(query);
    return this.#answer(page);
  }

  override async changes(query: ChangesQuery): Promise<Revision[]> {
    const revisions = await super.changes(query);
    return this.#answer(revisions);
  }

  /** The disk has a thread of its own: its answers come one by one. */
  #answer<T>(answer: T): Promise<T> {
    return new Promise((resolve) => this.tell(() => resolve(answer)));
  }

  override append(write: Write): Revision | undefined {
    const revision = super.append(write);
    if (this.#commitMs === 0) this.commit();
    else if (!this.#isWriting) {
      this.#isWriting = true;
      this.#clock.schedule(this.#random.next() * this.#commitMs, () => {
        this.#isWriting = false;
        this.tell(() => this.commit());
      });
    }
    return revision;
  }
}
