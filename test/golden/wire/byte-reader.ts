import type { Socket } from "node:net";

/** What a recorded case means by bytes: each character is one byte. */
export const bytesOf = (text: string): Buffer => Buffer.from(text, "latin1");
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

export class ReadTimeout extends Error {}

export type HeaderLines = [string, string][];

/** Reads a socket in the order in which a script asks for bytes; deadlines are Date.now() times. */
export class ByteReader {
  buffer: Buffer = Buffer.alloc(0);
  ended = false;
  failed = false;
  readonly socket: Socket;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.buffer = Buffer.concat([this.buffer, chunk]);
      this.#wake?.();
    });
    const end = () => {
      this.ended = true;
      this.#wake?.();
    };
    socket.on("end", end);
    socket.on("close", end);
    socket.on("error", () => {
      this.failed = true;
      end();
    });
  }

  /** More bytes came (true) or the stream has ended (false). */
  async fill(deadline: number): Promise<boolean> {
    const before = this.buffer.length;
    for (;;) {
      if (this.buffer.length > before) return true;
      if (this.ended) return false;
      const left = deadline - Date.now();
      if (left <= 0) throw new ReadTimeout();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
  }

  async until(mark: string, deadline: number): Promise<Buffer | undefined> {
    let at = this.buffer.indexOf(mark, 0, "latin1");
    while (at < 0) {
      if (!(await this.fill(deadline))) return undefined;
      at = this.buffer.indexOf(mark, 0, "latin1");
    }
    return this.#take(at + mark.length);
  }

  /** What there is, at most `count` bytes. */
  async exactly(count: number, deadline: number): Promise<Buffer> {
    while (this.buffer.length < count && (await this.fill(deadline))) {}
    return this.#take(Math.min(count, this.buffer.length));
  }

  /** Everything until the end or the deadline. */
  async rest(deadline: number): Promise<Buffer> {
    try {
      while (await this.fill(deadline)) {}
    } catch (thrown) {
      if (!(thrown instanceof ReadTimeout)) throw thrown;
    }
    return this.#take(this.buffer.length);
  }

  #take(count: number): Buffer {
    const taken = this.buffer.subarray(0, count);
    this.buffer = this.buffer.subarray(count);
    return taken;
  }
}

export function parseHead(head: Buffer): { startLine: string; headers: HeaderLines } {
  const lines = textOf(head).split("\r\n");
  const headers: HeaderLines = [];
  for (const line of lines.slice(1)) {
    if (line === "") continue;
    const colon = line.indexOf(":");
    const value = colon < 0 ? "" : line.slice(colon + 1);
    headers.push([colon < 0 ? line : line.slice(0, colon), value.replace(/^[ \t]+|[ \t]+$/g, "")]);
  }
  return { startLine: lines[0] ?? "", headers };
}

export function valuesOf(headers: HeaderLines, name: string): string[] {
  return headers.filter(([known]) => known.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
}

export interface ReadBody {
  body: string;
  trailers: HeaderLines;
  complete: boolean;
}

/** `into` is kept up to date, so that a broken body is known as far as it came. */
export async function readChunked(
  reader: ByteReader,
  deadline: number,
  into: { body?: string } = {},
): Promise<ReadBody> {
  const read: ReadBody = { body: "", trailers: [], complete: false };
  for (;;) {
    into.body = read.body;
    const line = await reader.until("\r\n", deadline);
    if (line === undefined) return read;
    const size = Number.parseInt(textOf(line).split(";")[0]?.trim() ?? "", 16);
    if (Number.isNaN(size)) return { ...read, body: read.body + textOf(line) };
    if (size === 0) {
      for (;;) {
        const trailer = await reader.until("\r\n", deadline);
        if (trailer === undefined) return read;
        if (trailer.length === 2) return { ...read, complete: true };
        read.trailers.push(...parseHead(Buffer.concat([bytesOf("x\r\n"), trailer])).headers);
      }
    }
    const data = await reader.exactly(size, deadline);
    read.body += textOf(data);
    if (data.length < size || textOf(await reader.exactly(2, deadline)) !== "\r\n") return read;
  }
}
