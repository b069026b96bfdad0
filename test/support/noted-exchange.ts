import type { Cancel } from "../../src/base/cancel.ts";
import type { Conn } from "../../src/http/conn.ts";
import type { HeaderBlock } from "../../src/http/header-block.ts";
import type { BodySink, BodySource, Exchange, RequestHead, ResponseHead } from "../../src/http/message.ts";

/** An exchange whose request is noted once its body has been read to the end. */
export class NotedExchange implements Exchange, BodySource, BodySink {
  readonly #exchange: Exchange;
  readonly #note: (body: string) => void;
  readonly request: RequestHead;
  readonly cancel: Cancel;
  readonly remoteAddress: string;
  readonly heldBytes = 0;
  readonly length: number | undefined;
  #sink: BodySink | undefined;
  #text = "";

  constructor(exchange: Exchange, note: (body: string) => void) {
    this.#note = note;
    this.#exchange = exchange;
    this.request = exchange.request;
    this.cancel = exchange.cancel;
    this.remoteAddress = exchange.remoteAddress;
    this.length = exchange.body.length;
    if (this.length === 0) note("");
  }

  get body(): BodySource {
    return this.length === 0 ? this.#exchange.body : this;
  }

  get responded(): boolean {
    return this.#exchange.responded;
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    this.#exchange.body.start(this);
  }

  credit(bytes: number): void {
    this.#exchange.body.credit(bytes);
  }

  abandon(): void {
    this.#exchange.body.abandon();
  }

  data(chunk: Uint8Array): void {
    this.#text += Buffer.from(chunk).toString("latin1");
    this.#sink?.data(chunk);
  }

  end(trailers?: HeaderBlock): void {
    this.#note(this.#text);
    this.#sink?.end(trailers);
  }

  fail(error: Error): void {
    this.#sink?.fail(error);
  }

  interim(head: ResponseHead): void {
    this.#exchange.interim(head);
  }

  respond(head: ResponseHead, body?: BodySource): void {
    this.#exchange.respond(head, body);
  }

  upgrade(head: ResponseHead): Conn {
    return this.#exchange.upgrade(head);
  }

  abort(error: Error): void {
    this.#exchange.abort(error);
  }

  stillThere(): Promise<boolean> {
    return this.#exchange.stillThere();
  }

  onProgress(): void {}

  onFinish(): void {}
}
