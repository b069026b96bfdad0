import type { HeadBudget } from "./head-budget.ts";
import { describeStatusLine, MalformedMessage } from "./head-parser.ts";
import type { HttpLimits } from "./limits.ts";

const END = Buffer.from("\r\n\r\n");
const NOTHING = Buffer.alloc(0);
const CR = 13;
const LF = 10;

/** Finds the end of a head in bytes that come in any segmentation; a head within one chunk is not copied. */
export class HeadReader {
  readonly #limits: HttpLimits;
  readonly #budget: HeadBudget | undefined;
  #parts: Buffer = NOTHING;
  #length = 0;
  /** Offset in the chunk after what the last `feed` used. */
  consumed = 0;

  /** `budget` is shared by connections of peers that are not trusted. */
  constructor(limits: HttpLimits, budget?: HeadBudget) {
    this.#limits = limits;
    this.#budget = budget;
  }

  /** Bytes of an unfinished head. */
  get pending(): number {
    return this.#length;
  }

  /** The head as latin1, once its last byte is here. Throws MalformedMessage. */
  feed(chunk: Buffer, from: number): string | undefined {
    if (this.#length > 0) return this.#feedMore(chunk, from);
    const end = chunk.indexOf(END, from);
    if (end >= 0) {
      this.consumed = end + 4;
      this.#checkSize(end + 4 - from);
      return chunk.toString("latin1", from, end + 4);
    }
    this.#append(chunk, from, chunk.length);
    this.consumed = chunk.length;
    this.#checkLines(0);
    return undefined;
  }

  #feedMore(chunk: Buffer, from: number): string | undefined {
    const before = this.#length;
    const searchFrom = Math.max(0, before - 3);
    // Only as much as may belong to this head is copied: the rest of the chunk may be a large body.
    const room = Math.min(chunk.length, from + this.#limits.headBytesMax + 1);
    this.#append(chunk, from, room);
    const end = this.#parts.subarray(0, this.#length).indexOf(END, searchFrom);
    if (end < 0) {
      this.consumed = chunk.length;
      this.#checkLines(before);
      return undefined;
    }
    this.consumed = from + (end + 4 - before);
    this.#checkSize(end + 4);
    const text = this.#parts.toString("latin1", 0, end + 4);
    this.reset();
    return text;
  }

  /** What an unfinished head lacks, for a message; the same words as Go's net/http. */
  describeCut(): string {
    const text = this.#parts.toString("latin1", 0, this.#length);
    const lineFrom = text.lastIndexOf("\r\n");
    if (lineFrom < 0)
      return /^HTTP\/1\.[01] \d{3}( |$)/.test(text) ? "unexpected EOF" : describeStatusLine(text);
    const line = text.slice(lineFrom + 2);
    if (line === "" || line.includes(":")) return "unexpected EOF";
    return `malformed MIME header: missing colon: ${JSON.stringify(line)}`;
  }

  reset(): void {
    if (this.#parts.length > 0) {
      this.#budget?.give(this.#parts.length);
      this.#parts = NOTHING;
    }
    this.#length = 0;
  }

  #append(chunk: Buffer, from: number, to: number): void {
    const length = this.#length + to - from;
    if (length > this.#parts.length) {
      const size = Math.max(512, 2 * length);
      if (this.#budget?.grow(this.#parts.length, size) === false) {
        throw new MalformedMessage("too many unfinished heads", 503);
      }
      const grown = Buffer.allocUnsafeSlow(size);
      this.#parts.copy(grown, 0, 0, this.#length);
      this.#parts = grown;
    }
    chunk.copy(this.#parts, this.#length, from, to);
    this.#length = length;
  }

  #checkSize(length: number): void {
    if (length > this.#limits.headBytesMax) throw new MalformedMessage("head too large", 431);
  }

  /** An unfinished head is refused as early as possible: it may never end. */
  #checkLines(from: number): void {
    this.#checkSize(this.#length);
    if (from === 0 && this.#length > 0 && (this.#parts[0] as number) <= 32) {
      throw new MalformedMessage("malformed start line");
    }
    const held = this.#parts.subarray(0, this.#length);
    for (let at = held.indexOf(LF, from); at >= 0; at = held.indexOf(LF, at + 1)) {
      if (at === 0 || held[at - 1] !== CR) throw new MalformedMessage("bare line feed");
    }
  }
}
