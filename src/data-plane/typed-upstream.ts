import type { HeaderBlock } from "../http/header-block.ts";
import type { BodySink, BodySource, ResponseHead } from "../http/message.ts";
import type { Upstream, UpstreamObserver } from "../http/upstream.ts";
import { detectContentType, SNIFF_BYTES } from "./content-type.ts";

/**
 * The same upstream, whose answers get a Content-Type when they have a body and name none, as Knative's do. The body's
 * first bytes are looked at when they came with the head; an answer whose bytes come later is not held back for them.
 * Of a streamed answer Knative guesses only when a race goes well: never here.
 */
export function typedUpstream(upstream: Upstream): Upstream {
  return {
    send(request, observer) {
      upstream.send(request, request.head.method === "HEAD" ? observer : new TypedObserver(observer));
    },
  };
}

class TypedObserver implements UpstreamObserver {
  readonly #observer: UpstreamObserver;

  constructor(observer: UpstreamObserver) {
    this.#observer = observer;
  }

  interim(head: ResponseHead): void {
    this.#observer.interim(head);
  }

  response(head: ResponseHead, body: BodySource): void {
    if (namesItsType(head, body)) {
      this.#observer.response(head, body);
      return;
    }
    const peeked = new PeekedBody(body);
    body.start(peeked);
    body.credit(SNIFF_BYTES);
    // The rest of the bytes that brought the head is read in this turn.
    queueMicrotask(() => {
      if (peeked.first.length > 0) head.headers.set("Content-Type", detectContentType(peeked.first));
      this.#observer.response(head, peeked);
    });
  }

  upgraded(...args: Parameters<UpstreamObserver["upgraded"]>): void {
    this.#observer.upgraded(...args);
  }

  failed(...args: Parameters<UpstreamObserver["failed"]>): void {
    this.#observer.failed(...args);
  }
}

function namesItsType({ status, headers }: ResponseHead, body: BodySource): boolean {
  if (!body.length || status === 204 || status === 304) return true;
  return headers.has("content-type") || (headers.get("content-encoding") ?? "") !== "";
}

/** A body whose first bytes were asked for before its reader came; they are given to it first. */
class PeekedBody implements BodySource, BodySink {
  readonly length: number | undefined;
  readonly #source: BodySource;
  #sink: BodySink | undefined;
  #end: ((sink: BodySink) => void) | undefined;
  /** Credit that the peek has used in advance. */
  #advanced = SNIFF_BYTES;
  first: Buffer = Buffer.alloc(0);

  constructor(source: BodySource) {
    this.length = source.length;
    this.#source = source;
  }

  start(sink: BodySink): void {
    this.#sink = sink;
  }

  credit(bytes: number): void {
    const sink = this.#sink;
    if (sink !== undefined && this.first.length > 0) {
      const first = this.first;
      this.first = Buffer.alloc(0);
      sink.data(first);
    }
    if (this.#end !== undefined) {
      const end = this.#end;
      this.#end = undefined;
      if (sink !== undefined) end(sink);
      return;
    }
    const used = Math.min(bytes, this.#advanced);
    this.#advanced -= used;
    if (bytes > used) this.#source.credit(bytes - used);
  }

  abandon(): void {
    this.#source.abandon();
  }

  data(chunk: Uint8Array): void {
    if (this.#sink === undefined || this.first.length > 0) this.first = Buffer.concat([this.first, chunk]);
    else this.#sink.data(chunk);
  }

  end(trailers?: HeaderBlock): void {
    if (this.#sink !== undefined && this.first.length === 0) this.#sink.end(trailers);
    else this.#end = (sink) => sink.end(trailers);
  }

  fail(error: Error): void {
    if (this.#sink !== undefined && this.first.length === 0) this.#sink.fail(error);
    else this.#end = (sink) => sink.fail(error);
  }
}
