import type { Exchange, ResponseHead } from "./message.ts";
import type { Upstream, UpstreamError } from "./upstream.ts";

/** What the caller of `forward` may want to know; one object for a request, no closures. */
export interface ForwardObserver {
  /** Nothing was answered yet: the caller makes the response (or sends again when `error.sent` is false). */
  failed(error: UpstreamError): void;
  /** The request was handed to the upstream. */
  forwarded?(): void;
  /** The head of the final answer is here and goes to the client after this call; headers may be edited. */
  response?(head: ResponseHead): void;
  /** Switched protocols: both directions are spliced from now on. */
  upgraded?(head: ResponseHead): void;
}

/**
 * Sends `exchange` to `upstream` and its answer back. Hop-by-hop fields are removed in both directions; once a head
 * has been sent, a failing upstream cuts the answer by `exchange.abort`.
 */
export function forward(_exchange: Exchange, _upstream: Upstream, _observer: ForwardObserver): void {
  throw new Error("not built yet");
}
