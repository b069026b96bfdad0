import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock, Timer } from "../../../base/clock.ts";
import { messageOf } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";

export interface LimitedVolume {
  readonly name: string;
  readonly folder: string;
  /** As the pod writes it. */
  readonly limit: string;
  readonly limitBytes: number;
}

/** As often as the kubelet looks. */
const INTERVAL_MS = 10_000;
/** What `lstat` counts blocks in. */
const BLOCK_BYTES = 512;

/** Looks at what the emptyDirs of one pod hold, and tells when one holds more than its limit (spec E-214). */
export class SizeLimits {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onExceeded: (message: string) => void;
  #volumes: readonly LimitedVolume[] = [];
  #timer: Timer | undefined;

  /** `onExceeded` gets the kubelet's words. */
  constructor({ clock, log }: { clock: Clock; log: Log }, onExceeded: (message: string) => void) {
    this.#clock = clock;
    this.#log = log;
    this.#onExceeded = onExceeded;
  }

  /** Goes on with these; a pod without any costs nothing. */
  start(volumes: readonly LimitedVolume[]): void {
    this.stop();
    this.#volumes = volumes;
    this.#lookLater();
  }

  stop(): void {
    this.#volumes = [];
    this.#timer?.cancel();
  }

  #lookLater(): void {
    if (this.#volumes.length === 0) return;
    this.#timer = this.#clock.schedule(INTERVAL_MS, () => {
      this.#look().then(
        () => this.#lookLater(),
        (thrown) => {
          this.#log.warn("cannot tell how much a volume holds", { error: messageOf(thrown) });
          this.#lookLater();
        },
      );
    });
  }

  async #look(): Promise<void> {
    for (const { name, folder, limit, limitBytes } of this.#volumes) {
      if ((await bytesIn(folder, limitBytes)) <= limitBytes) continue;
      // The space at the end is the kubelet's.
      this.#onExceeded(`Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". `);
      return;
    }
  }
}

/** What the folder's files take on the disk; no more is counted when it is more than `enough`. */
async function bytesIn(folder: string, enough: number): Promise<number> {
  let bytes = 0;
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined && bytes <= enough; next = folders.pop()) {
    for (const entry of await entriesOf(next)) {
      const path = join(next, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else bytes += await sizeOf(path);
    }
  }
  return bytes;
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (thrown) {
    return orNothing(thrown, []);
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await lstat(path)).blocks * BLOCK_BYTES;
  } catch (thrown) {
    return orNothing(thrown, 0);
  }
}

/** Programs remove files while we look. */
function orNothing<T>(thrown: unknown, nothing: T): T {
  if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return nothing;
  throw thrown;
}
