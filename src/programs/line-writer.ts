import type { Clock } from "../base/clock.ts";

/** Beyond this much the lines of a turn leave before its end. */
const BYTES_MAX = 64 * 1024;

/**
 * Lines for `write`, those of one turn of the loop in one piece: a system call for each line costs half as much as the
 * request that it tells of. `flush` when the process ends.
 */
export class LineWriter {
  readonly #clock: Clock;
  readonly #write: (text: string) => void;
  #waiting = "";

  constructor(clock: Clock, write: (text: string) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  readonly add = (line: string): void => {
    if (this.#waiting === "") this.#clock.schedule(0, this.flush);
    this.#waiting += line;
    if (this.#waiting.length >= BYTES_MAX) this.flush();
  };

  readonly flush = (): void => {
    const text = this.#waiting;
    this.#waiting = "";
    if (text !== "") this.#write(text);
  };
}
