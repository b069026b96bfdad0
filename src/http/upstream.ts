import type { Cancel } from "../base/cancel.ts";
import { EbbError } from "../base/errors.ts";
import type { Conn } from "./conn.ts";
import type { BodySource, RequestHead, ResponseHead } from "./message.ts";

/**
 * Where a request can be sent: a socket pool to an address, or a program in this process. Both implementations pass
 * one contract test (backpressure, early answer, trailers, 1xx, upgrade, cancel): DESIGN §4, Upstream port.
 */
export interface Upstream {
  /** Exactly one of `observer.response`, `upgraded` and `failed` is called, after any number of `interim`. */
  send(request: OutgoingRequest, observer: UpstreamObserver): void;
}

export interface OutgoingRequest {
  readonly head: RequestHead;
  readonly body: BodySource;
  /** Raising it ends the upstream exchange, whatever its state. */
  readonly cancel: Cancel;
  /** As `Exchange.stillThere`, for upstreams that hold requests; absent = cannot be asked. */
  stillThere?(): Promise<boolean>;
}

export interface UpstreamObserver {
  interim(head: ResponseHead): void;
  response(head: ResponseHead, body: BodySource): void;
  /** The upstream switched protocols; early bytes are delivered by the Conn. */
  upgraded(head: ResponseHead, conn: Conn): void;
  failed(error: UpstreamError): void;
}

/** "request-body": the request's own body was malformed or broke off, which is the client's doing. */
export type UpstreamFailure =
  | "refused"
  | "dial-timeout"
  | "reset"
  | "closed"
  | "malformed"
  /** It switched to another protocol than was asked for. */
  | "upgrade"
  | "cancelled"
  | "request-body";

/**
 * `sent` tells whether any byte of the request left for a server that may have acted on it: only when false may the
 * request be sent again; nothing of its body was used up then.
 */
export class UpstreamError extends EbbError {
  readonly failure: UpstreamFailure;
  readonly sent: boolean;

  constructor(failure: UpstreamFailure, message: string, options: { sent: boolean; cause?: unknown }) {
    super(`upstream-${failure}`, message, options);
    this.failure = failure;
    this.sent = options.sent;
  }
}
