import { appendFileSync, type FSWatcher, readFileSync, statSync, watch, writeFileSync } from "node:fs";
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
 * When lines of a log were written. Programs write to their files themselves, nothing of ours lies between; so size
 * and time of a file are noted when it changes, at most once a second: lines that come alone are exact, the lines of a
 * burst have the time of the last one of their second. A file that rests costs nothing. Notes are kept beside the log,
 * for the next engine.
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

  /** A file that an earlier engine has followed. */
  resume(path: string): void {
    const followed: Followed = { samples: readNotes(path) };
    this.#files.set(path, followed);
    this.#look(path, followed);
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

  /** How many bytes were written at that time or before. */
  bytesBefore(path: string, atMs: number): number {
    return this.#samplesOf(path).findLast((sample) => sample.atMs <= atMs)?.bytes ?? 0;
  }

  /** When the byte at a position was written, for what is written by now; later ones are new. */
  timesOf(path: string): (position: number) => number {
    const samples = this.#samplesOf(path);
    return (position) => samples[firstBehind(samples, position)]?.atMs ?? this.#clock.wall();
  }

  #samplesOf(path: string): readonly Sample[] {
    const followed = this.#files.get(path);
    if (!followed) return readNotes(path);
    this.#note(path, followed);
    return followed.samples;
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
    const file = statSync(path, { throwIfNoEntry: false });
    if (!file || file.size === (followed.samples.at(-1)?.bytes ?? 0)) return;
    const sample = { bytes: file.size, atMs: Math.floor(file.mtimeMs) };
    followed.samples.push(sample);
    if (followed.samples.length <= SAMPLES_MAX) return keepNotes(path, [sample], appendFileSync);
    // Long lives keep half of what they know: coarser, and still right.
    followed.samples = followed.samples.filter((_, index) => index % 2 === 1);
    keepNotes(path, followed.samples, writeFileSync);
  }

  #rest(followed: Followed): void {
    followed.watcher?.close();
    followed.watcher = undefined;
    followed.timer?.cancel();
    followed.timer = undefined;
  }
}

/** The index of the first sample with more than `position` bytes. */
function firstBehind(samples: readonly Sample[], position: number): number {
  let [low, high] = [0, samples.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((samples[middle]?.bytes ?? 0) > position) high = middle;
    else low = middle + 1;
  }
  return low;
}

function notesPath(path: string): string {
  return path.replace(/\.log$/, ".times");
}

function keepNotes(path: string, samples: readonly Sample[], write: typeof appendFileSync): void {
  try {
    write(notesPath(path), samples.map(({ bytes, atMs }) => `${bytes} ${atMs}\n`).join(""));
  } catch (thrown) {
    // The pod's folder goes when the pod does, and a full disk only costs the next engine its knowledge.
    const { code } = thrown as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOSPC") throw thrown;
  }
}

/** A last line that is not whole was being written when its engine died. */
function readNotes(path: string): Sample[] {
  try {
    const text = readFileSync(notesPath(path), "latin1");
    return [...text.matchAll(/^(\d+) (\d+)\n/gm)].map(([, bytes, atMs]) => ({
      bytes: Number(bytes),
      atMs: Number(atMs),
    }));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw thrown;
  }
}
