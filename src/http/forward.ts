import type { Cancel } from "../base/cancel.ts";
import type { Conn } from "./conn.ts";
import type { HeaderBlock } from "./header-block.ts";
import { endToEndHeaders, HOP_BY_HOP_KINDS } from "./hop-by-hop.ts";
import type { BodySource, Exchange, RequestHead, ResponseHead } from "./message.ts";
import { splice } from "./splice.ts";
import type { OutgoingRequest, Upstream, UpstreamError, UpstreamObserver } from "./upstream.ts";

/** What the caller of `forward` may want to know; one object for a request, no closures. */
export interface ForwardObserver {
  /** The version that the upstream is spoken to with; default the client's own (spec Q-011). */
  readonly speaks?: "1.1" | "2" | undefined;
  /**
   * Nothing was answered: the caller makes the response (or sends again when `error.sent` is false and the body was
   * not started). Also called when the client has gone; an answer goes nowhere then.
   */
  failed(error: UpstreamError): void;
  /** The request is handed to the upstream after this call. */
  forwarded?(): void;
  /** An interim answer goes to the client after this call. */
  interim?(head: ResponseHead): void;
  /** The head of the final answer is here and goes to the client after this call; headers may be edited. */
  response?(head: ResponseHead): void;
  /** Switched protocols: both directions are spliced from now on. */
  upgraded?(head: ResponseHead): void;
}

/**
 * Sends `exchange` to `upstream` and its answer back. Hop-by-hop fields are removed in both directions; once a head
 * has been sent, a failing upstream cuts the answer.
 */
export function forward(exchange: Exchange, upstream: Upstream, observer: ForwardObserver): void {
  const forwarding = new Forwarding(exchange, observer);
  observer.forwarded?.();
  upstream.send(forwarding, forwarding);
}

class Forwarding implements OutgoingRequest, UpstreamObserver {
  readonly head: RequestHead;
  readonly body: BodySource;
  readonly cancel: Cancel;
  readonly #exchange: Exchange;
  readonly #observer: ForwardObserver;

  constructor(exchange: Exchange, observer: ForwardObserver) {
    const { method, target, version, headers } = exchange.request;
    const kept = endToEndHeaders(headers);
    if (kept.has("upgrade")) kept.set("Connection", "Upgrade");
    // What is kept of TE is its one value that concerns the next hop; an empty name is none.
    if (kept.has("te")) kept.set("Te", "trailers");
    if (kept.get("user-agent") === "") kept.delete("user-agent");
    // HTTP/2 has no Upgrade: who asks for one stays with HTTP/1.1.
    const speaks = kept.has("upgrade") ? "1.1" : (observer.speaks ?? version);
    this.head = { method, target, version: speaks, headers: kept };
    this.body = exchange.body;
    this.cancel = exchange.cancel;
    this.#exchange = exchange;
    this.#observer = observer;
  }

  stillThere(): Promise<boolean> {
    return this.#exchange.stillThere();
  }

  interim(head: ResponseHead): void {
    this.#observer.interim?.(head);
    this.#exchange.interim({ ...head, headers: endToEndHeaders(head.headers) });
  }

  response(head: ResponseHead, body: BodySource): void {
    // The usual phrase, as Go's proxies send it: a phrase means nothing (RFC 9112 §4), and HTTP/2 has none.
    const answer = { status: head.status, reason: "", headers: answerHeaders(head) };
    this.#observer.response?.(answer);
    // The caller may have answered by itself meanwhile, as a time-out does.
    if (this.#exchange.responded) body.abandon();
    else this.#exchange.respond(answer, body);
  }

  upgraded(head: ResponseHead, conn: Conn): void {
    if (this.cancel.raised || this.#exchange.responded) {
      conn.reset();
      return;
    }
    const headers = endToEndHeaders(head.headers);
    headers.set("Connection", "Upgrade");
    const answer = { status: head.status, reason: head.reason, headers };
    this.#observer.upgraded?.(answer);
    splice(this.#exchange.upgrade(answer), conn);
  }

  failed(error: UpstreamError): void {
    if (!this.#exchange.responded) this.#observer.failed(error);
  }
}

/**
 * What speaks of one connection goes, and what Go's proxies drop: TE, Upgrade (even with 426), what a 304 says of
 * its body.
 */
function answerHeaders({ status, headers }: ResponseHead): HeaderBlock {
  // Whoever answered has no more use for the block: it is copied only to leave something out.
  const kept = headers.mayHaveAny(HOP_BY_HOP_KINDS) ? endToEndHeaders(headers) : headers;
  kept.delete("te");
  kept.delete("upgrade");
  if (status === 304) for (const name of ["content-length", "content-type"]) kept.delete(name);
  return kept;
}
