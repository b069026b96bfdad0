import { type Clock, sleep } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { MetricsSource } from "../base/metrics.ts";
import { METRICS_TEXT_TYPE, metricsPieces } from "../base/metrics-text.ts";
import { HeaderBlock } from "../http/header-block.ts";
import type { Exchange, Handler } from "../http/message.ts";
import { respondWith } from "../http/responses.ts";
import { respondWithError } from "./error-answer.ts";
import { routes } from "./routes.ts";

export interface MetricsServerPorts {
  readonly clock: Clock;
  readonly sources: () => Promise<readonly MetricsSource[]>;
}

/** `/metrics` in Prometheus' text format (spec Q-066, M-021). */
export function metricsHandler(ports: MetricsServerPorts): Handler {
  return routes({ "/metrics": (exchange) => void answer(exchange, ports) });
}

async function answer(exchange: Exchange, { clock, sources }: MetricsServerPorts): Promise<void> {
  const { method } = exchange.request;
  if (method !== "GET" && method !== "HEAD") {
    const headers = new HeaderBlock(["Allow", "GET, HEAD"]);
    respondWithError(exchange, { status: 405, code: "method", text: "Method Not Allowed", headers });
    return;
  }
  const pieces: string[] = [];
  try {
    for (const piece of metricsPieces(await sources())) {
      // Thousands of revisions make a long text: others have their turn between its pieces (DESIGN §4, Slices).
      if (pieces.length > 0) await sleep(clock, 0);
      pieces.push(piece);
    }
  } catch (thrown) {
    respondWithError(exchange, { status: 500, code: "metrics-failed", text: messageOf(thrown) });
    return;
  }
  const headers = new HeaderBlock(["Content-Type", METRICS_TEXT_TYPE]);
  respondWith(exchange, { status: 200, headers, body: pieces.join("") });
}
