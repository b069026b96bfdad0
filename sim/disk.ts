import type { Clock } from "../src/base/clock.ts";
import type { Random } from "../src/base/random.ts";
import { MemoryStorage } from "../src/embedded/apiserver/storage/memory-storage.ts";
import type { Revision, Write } from "../src/embedded/apiserver/storage/storage.ts";

/** A disk that takes its time: what it has not written when the engine is killed is lost. */
export class SimDisk extends MemoryStorage {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #commitMs: number;
  #isWriting = false;

  constructor(ports: { clock: Clock; random: Random }) {
    super({ durability: "manual" });
    this.#clock = ports.clock;
    this.#random = ports.random;
    this.#commitMs = ports.random.next() < 0.5 ? 0 : 6 * ports.random.next();
  }

  override append(write: Write): Revision | undefined {
    const revision = super.append(write);
    if (this.#commitMs === 0) this.commit();
    else if (!this.#isWriting) {
      this.#isWriting = true;
      this.#clock.schedule(this.#random.next() * this.#commitMs, () => {
        this.#isWriting = false;
        this.commit();
      });
    }
    return revision;
  }
}
