import { MalformedMessage, parseTrailers } from "./head-parser.ts";
import type { HeaderBlock } from "./header-block.ts";
import type { HttpLimits } from "./limits.ts";

export interface DecodedBody {
  bodyData(chunk: Buffer): void;
  bodyEnd(trailers: HeaderBlock | undefined): void;
}

/** Numbers rather than words: switched on for every chunk. */
const DONE = 0;
const LENGTH = 1;
const UNTIL_CLOSE = 2;
const SIZE_LINE = 3;
const CHUNK = 4;
const CHUNK_END = 5;
const TRAILERS = 6;

/** The size and extensions without white space, as the strictest servers read them (RFC 9112 §7.1.1). */
const TOKEN = "[!#$%&'*+\\-.^_`|~\\w]+";
const QUOTED = '"(?:[\\t !#-[\\]-~\\x80-\\xff]|\\\\[\\t -~\\x80-\\xff])*"';
const SIZE_LINE_GRAMMAR = new RegExp(`^([0-9A-Fa-f]+)((?:;${TOKEN}(?:=(?:${TOKEN}|${QUOTED}))?)*)\\r\\n$`);

const NO_DIGIT = 255;
const HEX = Uint8Array.from({ length: 256 }, (_, code) => {
  const digit = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(digit) ? NO_DIGIT : digit;
});

const CR = 13;
const LF = 10;
/** Extensions carry nothing, yet make us read: beyond this in one body the sender is hostile. */
const EXTENSION_BYTES_MAX = 16 * 1024;
const FORBIDDEN_TRAILERS = [
  "content-length",
  "transfer-encoding",
  "host",
  "connection",
  "trailer",
  "upgrade",
  "te",
];

/** Takes the framing off a body that comes in any segmentation. One object serves a connection for its life. */
export class BodyDecoder {
  readonly #limits: HttpLimits;
  #state = DONE;
  #remaining = 0;
  #line = "";
  #extensionBytes = 0;

  constructor(limits: HttpLimits) {
    this.#limits = limits;
  }

  get done(): boolean {
    return this.#state === DONE;
  }

  get untilClose(): boolean {
    return this.#state === UNTIL_CLOSE;
  }

  /** How much is sure to follow; Infinity where nobody knows. */
  get expectedBytes(): number {
    if (this.#state === LENGTH) return this.#remaining;
    return this.#state === DONE ? 0 : Number.POSITIVE_INFINITY;
  }

  begin(framing: { length: number } | "chunked" | "until-close"): void {
    this.#line = "";
    this.#extensionBytes = 0;
    if (framing === "chunked") this.#state = SIZE_LINE;
    else if (framing === "until-close") this.#state = UNTIL_CLOSE;
    else {
      this.#remaining = framing.length;
      this.#state = framing.length > 0 ? LENGTH : DONE;
    }
  }

  /** Forgets the body: what follows is not decoded. */
  stop(): void {
    this.#state = DONE;
  }

  /** Decodes from `from`; returns the offset of the first byte after the body, or the chunk's length. */
  decode(chunk: Buffer, from: number, into: DecodedBody): number {
    let at = from;
    while (at < chunk.length && this.#state !== DONE) {
      switch (this.#state) {
        case LENGTH:
        case CHUNK:
          at = this.#take(chunk, at, into);
          break;
        case UNTIL_CLOSE:
          into.bodyData(at === 0 ? chunk : chunk.subarray(at));
          at = chunk.length;
          break;
        case SIZE_LINE:
          at = this.#readSizeLine(chunk, at);
          break;
        case CHUNK_END:
          at = this.#readChunkEnd(chunk, at);
          break;
        default:
          at = this.#readTrailers(chunk, at, into);
      }
    }
    return at;
  }

  #take(chunk: Buffer, at: number, into: DecodedBody): number {
    const size = Math.min(this.#remaining, chunk.length - at);
    this.#remaining -= size;
    const over = this.#remaining === 0;
    const lengthOver = over && this.#state === LENGTH;
    if (over) this.#state = lengthOver ? DONE : CHUNK_END;
    into.bodyData(at === 0 && size === chunk.length ? chunk : chunk.subarray(at, at + size));
    if (lengthOver) into.bodyEnd(undefined);
    return at + size;
  }

  /** hot path: a plain size that is whole in this chunk; -1 when it is not. */
  #readPlainSize(chunk: Buffer, from: number): number {
    let size = 0;
    let at = from;
    for (; at < chunk.length && at - from < 8; at++) {
      const digit = HEX[chunk[at] as number] as number;
      if (digit === NO_DIGIT) break;
      size = size * 16 + digit;
    }
    if (at === from || chunk[at] !== CR || chunk[at + 1] !== LF) return -1;
    this.#remaining = size;
    this.#state = size === 0 ? TRAILERS : CHUNK;
    return at + 2;
  }

  #readSizeLine(chunk: Buffer, at: number): number {
    if (this.#line === "") {
      const after = this.#readPlainSize(chunk, at);
      if (after >= 0) return after;
    }
    const end = chunk.indexOf(LF, at);
    const to = end < 0 ? chunk.length : end + 1;
    this.#line += chunk.toString("latin1", at, to);
    if (this.#line.length > this.#limits.chunkLineBytesMax)
      throw new MalformedMessage("header line too long");
    if (end < 0) {
      checkSizePrefix(this.#line);
      return to;
    }
    const size = this.#sizeOf(this.#line);
    this.#line = "";
    this.#remaining = size;
    this.#state = size === 0 ? TRAILERS : CHUNK;
    return to;
  }

  #sizeOf(line: string): number {
    const parts = SIZE_LINE_GRAMMAR.exec(line);
    const digits = parts?.[1];
    if (digits === undefined) throw new MalformedMessage("invalid byte in chunk length");
    if (digits.replace(/^0+/, "").length > 13) throw new MalformedMessage("http chunk length too large");
    this.#extensionBytes += parts?.[2]?.length ?? 0;
    if (this.#extensionBytes > EXTENSION_BYTES_MAX)
      throw new MalformedMessage("chunk extensions too long", 413);
    return Number.parseInt(digits, 16);
  }

  #readChunkEnd(chunk: Buffer, at: number): number {
    const expected = this.#line === "" ? CR : LF;
    if (chunk[at] !== expected) throw new MalformedMessage("malformed chunked encoding");
    if (expected === CR) this.#line = "\r";
    else {
      this.#line = "";
      this.#state = SIZE_LINE;
    }
    return at + 1;
  }

  #readTrailers(chunk: Buffer, at: number, into: DecodedBody): number {
    const end = chunk.indexOf(LF, at);
    const to = end < 0 ? chunk.length : end + 1;
    this.#line += chunk.toString("latin1", at, to);
    if (this.#line.length > this.#limits.headBytesMax) throw new MalformedMessage("trailers too large", 431);
    if (end < 0) return to;
    if (this.#line !== "\r\n" && !this.#line.endsWith("\r\n\r\n")) {
      if (!this.#line.endsWith("\r\n")) throw new MalformedMessage("bare line feed");
      return to;
    }
    const text = this.#line;
    this.#line = "";
    this.#state = DONE;
    into.bodyEnd(text === "\r\n" ? undefined : trailersOf(text, this.#limits));
    return to;
  }
}

/** Refuses a size line as soon as it cannot become one: it may never end. */
function checkSizePrefix(line: string): void {
  if (!/^[0-9A-Fa-f]*(?:\r?|;[^\r\n]*\r?)$/.test(line))
    throw new MalformedMessage("invalid byte in chunk length");
}

function trailersOf(text: string, limits: HttpLimits): HeaderBlock {
  const trailers = parseTrailers(text, limits.headerCountMax);
  for (const name of FORBIDDEN_TRAILERS) trailers.delete(name);
  return trailers;
}
