import { constants, createInflate } from "node:zlib";
import { DICTIONARY } from "./spdy-dictionary.ts";
import { numbers, SpdyError } from "./spdy-frames.ts";

/** SPDY's header blocks: one compressed text for the whole connection, cut into blocks. */

export type Headers = ReadonlyMap<string, string>;

const BLOCK_MAX = 64 * 1024;

export class HeaderReader {
  readonly #inflate = createInflate({ dictionary: DICTIONARY, finishFlush: constants.Z_SYNC_FLUSH });
  #failed: Error | undefined;
  #done: () => void = () => {};

  constructor() {
    this.#inflate.on("error", ({ message }) => this.#fail(`headers that cannot be decompressed: ${message}`));
    // What stands behind the end is never taken, and nobody is told so.
    this.#inflate.on("end", () => this.#fail("headers that end for the whole connection"));
  }

  /** One block at a time, in the order of their coming. Rejects with SpdyError. */
  async read(block: Buffer): Promise<Headers> {
    const parts: Buffer[] = [];
    let size = 0;
    const take = (part: Buffer) => {
      size += part.length;
      if (size <= BLOCK_MAX) parts.push(part);
    };
    this.#inflate.on("data", take);
    await new Promise<void>((resolve) => {
      this.#done = resolve;
      this.#inflate.write(block, () => resolve());
    });
    this.#inflate.off("data", take);
    if (this.#failed) throw this.#failed;
    if (size > BLOCK_MAX) throw new SpdyError(`a header block of ${size} bytes`);
    return pairsOf(Buffer.concat(parts));
  }

  #fail(message: string): void {
    this.#failed ??= new SpdyError(message);
    this.#done();
  }

  close(): void {
    this.#inflate.destroy();
  }
}

function pairsOf(text: Buffer): Headers {
  let at = 0;
  const number = () => {
    if (at + 4 > text.length) throw new SpdyError("a header block that ends too early");
    at += 4;
    return text.readUInt32BE(at - 4);
  };
  const word = () => {
    const length = number();
    if (at + length > text.length) throw new SpdyError("a header block that ends too early");
    at += length;
    return text.toString("latin1", at - length, at);
  };
  const headers = new Map<string, string>();
  for (let left = number(); left > 0; left--) headers.set(word().toLowerCase(), word());
  return headers;
}

/** zlib's header for a text that presets the dictionary, with the dictionary's checksum. */
const ZLIB_HEAD = Buffer.concat([Buffer.of(0x78, 0x20), numbers(0xe3c6_a7c2)]);

/**
 * A block without headers, which is all that a server answers with: stored, not compressed, so that nothing has to be
 * remembered from one to the next. Go's clients read on for ever without the empty block at its end.
 */
export function emptyBlock(isFirst: boolean): Buffer {
  const stored = Buffer.of(0x00, 0x04, 0x00, 0xfb, 0xff, 0, 0, 0, 0, 0x00, 0x00, 0x00, 0xff, 0xff);
  return isFirst ? Buffer.concat([ZLIB_HEAD, stored]) : stored;
}
