import { connect, type TLSSocket } from "node:tls";

/** What a load generator needs to know of the API: given as JSON in its first argument. */
export interface Api {
  readonly port: number;
  readonly token: string;
  /** PEM. */
  readonly ca: string;
}

/**
 * One connection of the API with one request at a time. Written for little CPU: the generators share the machine with
 * what they measure, and `node:https` takes as much for a request as the engine for its answer.
 */
export class Lane {
  readonly #socket: TLSSocket;
  readonly #token: string;
  #text = "";
  #isClosing = false;
  #answered: ((body: string) => void) | undefined;
  #onText: ((text: string) => void) | undefined;

  private constructor(socket: TLSSocket, token: string) {
    this.#socket = socket;
    this.#token = token;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => this.#take(text));
    socket.on("error", (error) => fail(error.message));
    socket.on("close", () => this.#isClosing || fail("the engine closed a connection"));
  }

  static open({ port, ca, token }: Api): Promise<Lane> {
    return new Promise((opened) => {
      const socket = connect({ host: "127.0.0.1", port, ca }, () => opened(new Lane(socket, token)));
      socket.setNoDelay(true);
      socket.once("error", (error) => fail(error.message));
    });
  }

  /** Resolves to the answer's text, which must be 2xx and have a Content-Length. */
  send(method: string, path: string, body: string): Promise<string> {
    this.#request(method, path, body);
    return new Promise((answered) => {
      this.#answered = answered;
    });
  }

  /** Hands on all that comes after the head, chunk sizes included; resolves when the answer has begun. */
  watch(path: string, onText: (text: string) => void): Promise<void> {
    this.#request("GET", path, "");
    return new Promise((begun) => {
      this.#answered = () => {
        this.#onText = onText;
        begun();
      };
    });
  }

  close(): void {
    this.#isClosing = true;
    this.#socket.destroy();
  }

  #request(method: string, path: string, body: string): void {
    const head =
      `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${this.#token}\r\n` +
      `user-agent: bench/1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    this.#socket.write(head + body, "latin1");
  }

  #take(text: string): void {
    if (this.#onText) return this.#onText(text);
    this.#text += text;
    const end = this.#text.indexOf("\r\n\r\n");
    if (end < 0) return;
    if (!/^HTTP\/1\.1 2\d\d/.test(this.#text)) fail(this.#text.slice(0, 600));
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(this.#text)?.[1] ?? 0);
    if (this.#text.length < end + 4 + length) return;
    const body = this.#text.slice(end + 4);
    this.#text = "";
    this.#answered?.(body);
  }
}

export function fail(why: string): never {
  console.error(`load: ${why}`);
  process.exit(1);
}

/** The machine's own clock: the same in all its processes. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export function argument<T>(): T {
  return JSON.parse(process.argv[2] ?? "{}") as T;
}
