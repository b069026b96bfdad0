import { Cancel } from "../base/cancel.ts";
import type { Clock } from "../base/clock.ts";
import { EbbError, messageOf } from "../base/errors.ts";
import type { Address, Conn, Network } from "./conn.ts";
import { HeaderBlock } from "./header-block.ts";
import { Http2Upstream } from "./http2-upstream.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import type { BodySink, BodySource, ResponseHead } from "./message.ts";
import { EMPTY_BODY } from "./received-body.ts";
import { bytesBody, streamedBody } from "./responses.ts";
import { type OutgoingRequest, type Upstream, UpstreamError, type UpstreamObserver } from "./upstream.ts";
import { UpstreamConnection, type UpstreamConnectionOwner } from "./upstream-connection.ts";

export interface FetchRequest {
  readonly address: Address;
  /** Default GET. */
  readonly method?: string;
  /** Origin-form, e.g. "/healthz?full=1". */
  readonly target: string;
  /** Sent as given; Host defaults to the address. */
  readonly headers?: HeaderBlock;
  readonly body?: Uint8Array;
  /** Do not tell the body's length. */
  readonly streamed?: boolean;
  /** For everything from dialling to the last byte. */
  readonly timeoutMs: number;
  /** A longer body fails the call; default 1 MiB. */
  readonly bodyLimitBytes?: number;
  readonly signal?: AbortSignal;
  /**
   * Default `needed`: the call fails where the body does. `awaited`: read and thrown away; however it ends, in time or
   * not, the head counts. `dropped`: the head is all that is waited for.
   */
  readonly answerBody?: "needed" | "awaited" | "dropped";
  /** Speak HTTP/2 with prior knowledge; default HTTP/1.1. */
  readonly http2?: boolean;
  /** What a request over HTTP/2 says of the way it came; default http. */
  readonly scheme?: "http" | "https";
  /** Send through this instead of a new connection to `address`. */
  readonly upstream?: Upstream;
}

export interface FetchedResponse {
  readonly status: number;
  readonly headers: HeaderBlock;
  readonly body: Buffer;
  readonly trailers: HeaderBlock | undefined;
}

const BODY_LIMIT_BYTES = 1024 * 1024;

/**
 * One small request on a connection of its own, for probes and scrapes. Rejects with UpstreamError (`failure`), or
 * EbbError code `fetch-timeout`, `fetch-too-large`, `fetch-aborted`.
 */
export function httpFetch(
  ports: { network: Network; clock: Clock },
  request: FetchRequest,
): Promise<FetchedResponse> {
  return new Promise((resolve, reject) => {
    const fetching = new Fetching(ports, request, { resolve, reject });
    fetching.start();
  });
}

interface Settle {
  resolve(response: FetchedResponse): void;
  reject(error: Error): void;
}

class Fetching implements UpstreamObserver, BodySink, UpstreamConnectionOwner {
  readonly limits = DEFAULT_LIMITS;
  readonly defaultHost: string;
  readonly #ports: { network: Network; clock: Clock };
  readonly #request: FetchRequest;
  readonly #settle: Settle;
  readonly #cancel = new Cancel();
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #head: ResponseHead | undefined;
  #body: BodySource | undefined;
  #over = false;
  #stop: () => void = () => {};

  constructor(ports: { network: Network; clock: Clock }, request: FetchRequest, settle: Settle) {
    this.#ports = ports;
    this.#request = request;
    this.defaultHost = `${request.address.ip}:${request.address.port}`;
    this.#settle = settle;
  }

  start(): void {
    const { signal, timeoutMs, upstream } = this.#request;
    const abort = () => this.#fail(new EbbError("fetch-aborted", `${this.#what()} was aborted`));
    if (signal?.aborted) {
      abort();
      return;
    }
    const timer = this.#ports.clock.schedule(timeoutMs, () => {
      this.#fail(new EbbError("fetch-timeout", `${this.#what()} took longer than ${timeoutMs} ms`));
    });
    signal?.addEventListener("abort", abort);
    this.#stop = () => {
      timer.cancel();
      signal?.removeEventListener("abort", abort);
    };
    if (upstream) upstream.send(this.#outgoing(), this);
    else this.#dial();
  }

  #dial(): void {
    const { address, timeoutMs, http2 = false } = this.#request;
    this.#ports.network.connect(address, { timeoutMs, http2 }).then(
      (conn) => {
        if (this.#over) conn.reset();
        else if (http2) this.#overHttp2(conn);
        else new UpstreamConnection(conn, this).send(this.#outgoing(), this);
      },
      (error) => {
        const timedOut = (error as { code?: string }).code === "ETIMEDOUT";
        this.failed(
          new UpstreamError(timedOut ? "dial-timeout" : "refused", messageOf(error), {
            sent: false,
            cause: error,
          }),
        );
      },
    );
  }

  #overHttp2(conn: Conn): void {
    const { limits, defaultHost } = this;
    const sessionFreed = (session: Http2Upstream) => session.close();
    const session = new Http2Upstream(conn, {
      limits,
      defaultHost,
      scheme: this.#request.scheme ?? "http",
      sessionFreed,
      sessionGone() {},
      sendAgain: () => false,
    });
    session.send({ request: this.#outgoing(), observer: this, tries: 1 });
  }

  #outgoing(): OutgoingRequest {
    const { method = "GET", target, headers, body, streamed } = this.#request;
    const fields = headers?.copy() ?? new HeaderBlock();
    if (!fields.has("host")) fields.set("Host", this.defaultHost);
    return {
      head: { method, target, version: this.#request.http2 ? "2" : "1.1", headers: fields },
      body: body ? (streamed ? streamedBody(body) : bytesBody(body)) : EMPTY_BODY,
      cancel: this.#cancel,
    };
  }

  #what(): string {
    const { address, method = "GET", target } = this.#request;
    return `${method} http://${address.ip}:${address.port}${target}`;
  }

  interim(): void {}

  response(head: ResponseHead, body: BodySource): void {
    this.#head = head;
    if (this.#request.answerBody === "dropped") {
      this.end();
      body.abandon();
      return;
    }
    this.#body = body;
    body.start(this);
    if (!this.#over) body.credit(this.#limitBytes() + 1);
  }

  upgraded(head: ResponseHead, conn: Conn): void {
    conn.reset();
    this.#head = head;
    this.end();
  }

  failed(error: UpstreamError): void {
    this.#fail(error);
  }

  data(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limitBytes()) {
      const message = `${this.#what()} answered with more than ${this.#limitBytes()} bytes`;
      this.#fail(new EbbError("fetch-too-large", message));
      return;
    }
    if (this.#request.answerBody !== "awaited") this.#chunks.push(Buffer.from(chunk));
  }

  end(trailers?: HeaderBlock): void {
    const head = this.#head;
    if (this.#over || !head) return;
    this.#over = true;
    this.#stop();
    const body = Buffer.concat(this.#chunks);
    this.#settle.resolve({ status: head.status, headers: head.headers, body, trailers });
  }

  fail(error: Error): void {
    this.#fail(error);
  }

  #limitBytes(): number {
    return this.#request.bodyLimitBytes ?? BODY_LIMIT_BYTES;
  }

  #fail(error: Error): void {
    if (this.#over) return;
    if (this.#request.answerBody === "awaited") this.end();
    if (!this.#over) this.#settle.reject(error);
    this.#over = true;
    this.#stop();
    this.#body?.abandon();
    this.#cancel.raise(error);
  }

  connectionFree(connection: UpstreamConnection): void {
    connection.close();
  }

  connectionGone(): void {}

  sendAgain(): boolean {
    return false;
  }

  lingers(conn: Conn): void {
    this.#ports.clock.schedule(this.limits.lingerMs, () => conn.reset());
  }
}
