import { assert } from "../base/assert.ts";
import { Cancel } from "../base/cancel.ts";
import { EbbError, messageOf } from "../base/errors.ts";
import type { Conn } from "./conn.ts";
import { DetachedConn } from "./detached-conn.ts";
import type { HeaderBlock } from "./header-block.ts";
import { memoryConnPair } from "./memory-conn.ts";
import type {
  BodySink,
  BodySource,
  Exchange,
  ExchangeOutcome,
  Handler,
  RequestHead,
  ResponseHead,
} from "./message.ts";
import { EMPTY_BODY } from "./received-body.ts";
import { type OutgoingRequest, type Upstream, UpstreamError, type UpstreamObserver } from "./upstream.ts";

/** An upstream that is a handler in this process: the same phases as over a socket, without one. */
export function inProcessUpstream(handler: Handler, options: { remoteAddress: string }): Upstream {
  return {
    send: (request, observer) => {
      const exchange = new InProcessExchange(request, observer, options.remoteAddress);
      if (!exchange.over) handler(exchange);
    },
  };
}

class InProcessExchange implements Exchange {
  readonly request: RequestHead;
  readonly body: BodySource;
  readonly cancel = new Cancel();
  readonly remoteAddress: string;
  readonly heldBytes = 0;
  readonly #outgoing: OutgoingRequest;
  readonly #observer: UpstreamObserver;
  readonly #stopListening: () => void;
  #answer: PassedBody | undefined;
  #tunnel: Conn | undefined;
  #status = 0;
  #outcome: ExchangeOutcome | undefined;
  #progress: (() => void) | undefined;
  /** The first listener costs no list. */
  #listener: ((outcome: ExchangeOutcome) => void) | undefined;
  #others: ((outcome: ExchangeOutcome) => void)[] | undefined;

  constructor(outgoing: OutgoingRequest, observer: UpstreamObserver, remoteAddress: string) {
    this.request = outgoing.head;
    this.body = outgoing.body;
    this.remoteAddress = remoteAddress;
    this.#outgoing = outgoing;
    this.#observer = observer;
    this.#stopListening = outgoing.cancel.onRaise((reason) => this.#cancelled(reason));
  }

  get responded(): boolean {
    return this.#status !== 0;
  }

  get over(): boolean {
    return this.#outcome !== undefined;
  }

  interim(head: ResponseHead): void {
    if (!this.responded && !this.#outcome) this.#observer.interim(head);
  }

  respond(head: ResponseHead, body?: BodySource): void {
    if (this.#outcome) {
      body?.abandon();
      return;
    }
    assert(!this.responded, "an exchange is answered once");
    this.#status = head.status;
    const bodiless = this.request.method === "HEAD" || head.status === 204 || head.status === 304;
    if (!body || bodiless || body.length === 0) {
      body?.abandon();
      this.#observer.response(head, EMPTY_BODY);
      this.finish(0, true);
      return;
    }
    this.#answer = new PassedBody(body, this);
    this.#observer.response(head, this.#answer);
    this.#progress?.();
  }

  upgrade(head: ResponseHead): Conn {
    assert(!this.responded && !this.#outcome, "an exchange is upgraded before it is answered");
    this.#status = head.status;
    const [client, server] = memoryConnPair({ client: this.remoteAddress, server: "" });
    const tunnel = new DetachedConn(server, {
      wrote: () => this.noteProgress(),
      closed: (bytes) => this.finish(bytes, true),
    });
    this.#tunnel = tunnel;
    this.cancel.onRaise(() => tunnel.reset());
    this.#observer.upgraded(head, client);
    return tunnel;
  }

  abort(error: Error, lastWords?: string): void {
    if (this.#outcome) return;
    if (this.#answer) {
      this.#answer.cut(error, lastWords);
      return;
    }
    if (this.#tunnel) {
      this.#tunnel.reset();
      return;
    }
    // Nothing of it left: the caller may send it elsewhere, body included.
    if (error instanceof UpstreamError && !error.sent) {
      this.finish(0, false);
      this.#observer.failed(error);
      return;
    }
    this.body.abandon();
    this.finish(0, false);
    this.#observer.failed(new UpstreamError("closed", error.message, { sent: true, cause: error }));
  }

  async stillThere(): Promise<boolean> {
    if (this.#outcome) return false;
    return this.#outgoing.stillThere ? this.#outgoing.stillThere() : true;
  }

  onProgress(listener: () => void): void {
    this.#progress = listener;
  }

  noteProgress(): void {
    this.#progress?.();
  }

  onFinish(listener: (outcome: ExchangeOutcome) => void): void {
    if (this.#outcome) listener(this.#outcome);
    else if (this.#listener === undefined) this.#listener = listener;
    else {
      this.#others ??= [];
      this.#others.push(listener);
    }
  }

  finish(responseBytes: number, complete: boolean): void {
    if (this.#outcome) return;
    this.#stopListening?.();
    this.#outcome = { status: this.#status, responseBytes, complete };
    this.#listener?.(this.#outcome);
    if (this.#others) for (const listener of this.#others) listener(this.#outcome);
  }

  /** The reader of the answer wants no more: for this exchange the client has gone. */
  readerGone(responseBytes: number): void {
    this.finish(responseBytes, false);
    this.cancel.raise(new EbbError("client-gone", "the reader of the answer has gone"));
  }

  #cancelled(reason: unknown): void {
    const responded = this.responded;
    const error = new UpstreamError("cancelled", messageOf(reason), { sent: true, cause: reason });
    this.finish(this.#answer?.bytes ?? 0, false);
    this.cancel.raise(reason);
    if (!responded) this.#observer.failed(error);
    else this.#answer?.cut(error, undefined);
  }
}

/** The answer's body on its way from handler to reader: counted, and cut when the exchange is. */
class PassedBody implements BodySource, BodySink {
  readonly length: number | undefined;
  readonly #source: BodySource;
  readonly #exchange: InProcessExchange;
  #sink: BodySink | undefined;
  #over = false;
  #cutBy: { error: Error; lastWords: string | undefined } | undefined;
  bytes = 0;

  constructor(source: BodySource, exchange: InProcessExchange) {
    this.length = source.length;
    this.#source = source;
    this.#exchange = exchange;
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    if (this.#cutBy) this.#tellCut(sink, this.#cutBy);
    else this.#source.start(this);
  }

  credit(bytes: number): void {
    if (!this.#over) this.#source.credit(bytes);
  }

  abandon(): void {
    if (this.#over) return;
    this.#over = true;
    this.#source.abandon();
    this.#exchange.readerGone(this.bytes);
  }

  data(chunk: Uint8Array): void {
    if (this.#over) return;
    this.bytes += chunk.length;
    this.#exchange.noteProgress();
    this.#sink?.data(chunk);
  }

  end(trailers?: HeaderBlock): void {
    if (this.#over) return;
    this.#over = true;
    this.#exchange.finish(this.bytes, true);
    this.#sink?.end(trailers);
  }

  fail(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#exchange.finish(this.bytes, false);
    this.#sink?.fail(error);
  }

  cut(error: Error, lastWords: string | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#source.abandon();
    this.#exchange.finish(this.bytes, false);
    this.#cutBy = { error, lastWords };
    if (this.#sink) this.#tellCut(this.#sink, this.#cutBy);
  }

  #tellCut(sink: BodySink, { error, lastWords }: { error: Error; lastWords: string | undefined }): void {
    if (lastWords === undefined) {
      sink.fail(error);
      return;
    }
    const words = Buffer.from(lastWords);
    if (this.length === undefined || words.length < this.length - this.bytes) sink.data(words);
    if (this.length === undefined) sink.end();
    else sink.fail(error);
  }
}
