import { systemRandom } from "../base/random.ts";
import { HeaderBlock } from "../http/header-block.ts";
import type { Exchange } from "../http/message.ts";
import { respondWith } from "../http/responses.ts";

export interface ErrorAnswer {
  readonly status: number;
  /** Stable; goes into X-Ebb-Error, which says that ebb made this answer and not the application. */
  readonly code: string;
  /** Knative's text; a newline is added, as Go's http.Error does. */
  readonly text: string;
  /** Further lines. */
  readonly headers?: HeaderBlock;
}

export function respondWithError(exchange: Exchange, answer: ErrorAnswer): void {
  const headers = answer.headers ?? new HeaderBlock();
  headers.append("Content-Type", "text/plain; charset=utf-8");
  headers.append("X-Content-Type-Options", "nosniff");
  noteOrigin(exchange, headers, answer.code);
  respondWith(exchange, { status: answer.status, headers, body: `${answer.text}\n` });
}

/**
 * Says that ebb made this answer, and about which request. Behind the gateway each request has a name; one that came
 * another way gets one here, which nothing depends on, so that whoever complains can say which it was.
 */
export function noteOrigin(exchange: Exchange, headers: HeaderBlock, code: string): void {
  headers.append("X-Ebb-Error", code);
  headers.append("X-Request-Id", exchange.request.headers.get("x-request-id") ?? systemRandom.uuid());
}
