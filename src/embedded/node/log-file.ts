import { watch } from "node:fs";
import { open, stat } from "node:fs/promises";

/** A log file that its program writes: where lines begin, and its bytes from there on. */

const CHUNK_BYTES = 64 * 1024;

export interface Reading {
  readonly start: number;
  /** Given = what is written later is read too, until this resolves. */
  readonly over?: Promise<void>;
  readonly signal: AbortSignal;
}

export async function* bytesFrom(path: string, { start, over, signal }: Reading): AsyncIterable<Uint8Array> {
  const file = await open(path, "r");
  const changes = new Changes(path, signal);
  let isOver = over === undefined;
  void over?.then(() => {
    isOver = true;
    changes.tell();
  });
  try {
    let position = start;
    while (!signal.aborted) {
      // Asked before reading: what was written until the end is then surely read.
      const isLast = isOver;
      const buffer = Buffer.alloc(CHUNK_BYTES);
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, position);
      position += bytesRead;
      if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
      else if (isLast) return;
      else await changes.next();
    }
  } finally {
    changes.close();
    await file.close();
  }
}

/** Wakes when the file grew, when it is told to, or when the reader left. */
class Changes {
  readonly #watcher: { close(): void };
  #wake: (() => void) | undefined;
  #isDirty = false;

  constructor(path: string, signal: AbortSignal) {
    this.#watcher = watch(path, { persistent: false }, () => this.tell());
    signal.addEventListener("abort", () => this.tell(), { once: true });
  }

  tell(): void {
    this.#isDirty = true;
    this.#wake?.();
  }

  async next(): Promise<void> {
    if (!this.#isDirty)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    this.#isDirty = false;
  }

  close(): void {
    this.#watcher.close();
  }
}

/** Where the first whole line at or behind `position` begins. */
export async function lineStart(path: string, position: number): Promise<number> {
  if (position === 0) return 0;
  const file = await open(path, "r");
  try {
    for (let at = position - 1; ; ) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, at);
      const end = buffer.subarray(0, bytesRead).indexOf(0x0a);
      if (end >= 0) return at + end + 1;
      if (bytesRead === 0) return at;
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
}

/** The position of the last `lines` lines, looked for from the end. */
export async function tailStart(path: string, lines: number): Promise<number> {
  const size = (await sizeOf(path)) ?? 0;
  if (lines <= 0) return size;
  const file = await open(path, "r");
  try {
    let position = size;
    let seen = 0;
    while (position > 0) {
      const length = Math.min(CHUNK_BYTES, position);
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, position - length);
      for (let index = length - 1; index >= 0; index--) {
        const at = position - length + index;
        // The line break that ends the file ends its last line and begins none.
        if (buffer[index] !== 0x0a || at === size - 1) continue;
        seen++;
        if (seen === lines) return at + 1;
      }
      position -= length;
    }
    return 0;
  } finally {
    await file.close();
  }
}

export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw thrown;
  }
}
