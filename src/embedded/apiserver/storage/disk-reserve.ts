import { randomFillSync } from "node:crypto";
import { closeSync, fsyncSync, ftruncateSync, openSync, rmSync, statSync, writeSync } from "node:fs";

/**
 * Bytes kept beside the database. When the disk is full they are given back, so that what has its number already can
 * still be written: nobody inside the engine has then seen a revision that never comes to be. Refusing begins only
 * behind that.
 */
export class DiskReserve {
  readonly #path: string;
  readonly #bytes: number;

  constructor(path: string, bytes: number) {
    this.#path = path;
    this.#bytes = bytes;
  }

  /** True when it is there, whole; makes it when there is room. */
  fill(): boolean {
    if (this.#isWhole()) return true;
    const file = openSync(this.#path, "w", 0o600);
    try {
      // A disk that compresses keeps no room for zeros.
      const noise = randomFillSync(Buffer.alloc(64 * 1024));
      for (let written = 0; written < this.#bytes; ) written += writeSync(file, noise);
      fsyncSync(file);
      return true;
    } catch {
      // As full as before: what was taken meanwhile is given back.
      ftruncateSync(file);
      return false;
    } finally {
      closeSync(file);
    }
  }

  /** Gives the bytes to whoever writes next; false when there were none. */
  release(): boolean {
    const hadSome = this.#isWhole();
    rmSync(this.#path, { force: true });
    return hadSome;
  }

  #isWhole(): boolean {
    return (statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0) >= this.#bytes;
  }
}
