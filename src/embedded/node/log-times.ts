import { type FSWatcher, statSync, watch } from "node:fs";
import type { Clock, Timer } from "../../base/clock.ts";

/** At that time (wall) the file had that many bytes. */
interface Sample {
  readonly bytes: number;
  readonly atMs: number;
}

interface Followed {
  samples: Sample[];
  watcher?: FSWatcher | undefined;
  timer?: Timer | undefined;
}

const PAUSE_MS = 1_000;
const SAMPLES_MAX = 4_096;

/**
 * When lines of a log were written, exact to a second. Programs write to their files themselves, nothing of ours lies
 * between; so the size is noted when a file changes, at most once a second, and a file that rests costs nothing.
 */
export class LogTimes {
  readonly #clock: Clock;
  readonly #files = new Map<string, Followed>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes changes from a moment later on: a cold start goes first. */
  follow(path: string): void {
    const followed: Followed = { samples: [] };
    this.#files.set(path, followed);
    followed.timer = this.#clock.schedule(PAUSE_MS, () => this.#look(path, followed));
  }

  /** The program has ended: its last size is noted, and no more. */
  end(path: string): void {
    const followed = this.#files.get(path);
    if (!followed) return;
    this.#note(path, followed);
    this.#rest(followed);
  }

  /** Files below the folder are gone. */
  drop(folder: string): void {
    for (const [path, followed] of this.#files) {
      if (!path.startsWith(`${folder}/`)) continue;
      this.#rest(followed);
      this.#files.delete(path);
    }
  }

  close(): void {
    for (const followed of this.#files.values()) this.#rest(followed);
  }

  /** So many bytes were surely written before; undefined when nothing is known of the file. */
  bytesBefore(path: string, atMs: number): number | undefined {
    const samples = this.#files.get(path)?.samples;
    if (!samples) return undefined;
    return samples.findLast((sample) => sample.atMs <= atMs)?.bytes ?? 0;
  }

  /** When the byte at `position` was written, or was first seen; undefined when nothing is known. */
  timeOf(path: string, position: number): number | undefined {
    const followed = this.#files.get(path);
    if (!followed) return undefined;
    return followed.samples.find(({ bytes }) => bytes > position)?.atMs ?? this.#clock.wall();
  }

  #look(path: string, followed: Followed): void {
    followed.timer = undefined;
    this.#note(path, followed);
    if (this.#files.get(path) !== followed) return;
    const changed = () => {
      if (!followed.watcher) return;
      this.#rest(followed);
      this.#note(path, followed);
      followed.timer = this.#clock.schedule(PAUSE_MS, () => this.#look(path, followed));
    };
    try {
      followed.watcher = watch(path, { persistent: false }, changed);
      followed.watcher.on("error", () => this.#rest(followed));
    } catch {
      // No file yet, or no more: the next look finds out.
      followed.timer = this.#clock.schedule(PAUSE_MS, () => this.#look(path, followed));
    }
  }

  #note(path: string, followed: Followed): void {
    const bytes = statSync(path, { throwIfNoEntry: false })?.size;
    if (bytes === undefined || bytes === followed.samples.at(-1)?.bytes) return;
    followed.samples.push({ bytes, atMs: this.#clock.wall() });
    // Long lives keep half of what they know: coarser, and still right.
    if (followed.samples.length > SAMPLES_MAX)
      followed.samples = followed.samples.filter((_, index) => index % 2 === 1);
  }

  #rest(followed: Followed): void {
    followed.watcher?.close();
    followed.watcher = undefined;
    followed.timer?.cancel();
    followed.timer = undefined;
  }
}
