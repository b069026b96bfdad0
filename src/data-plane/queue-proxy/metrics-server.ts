import type { MetricsSource } from "../../base/metrics.ts";
import { METRICS_TEXT_TYPE, metricsText } from "../../base/metrics-text.ts";
import { HeaderBlock } from "../../http/header-block.ts";
import type { Exchange, Handler } from "../../http/message.ts";
import { respondWith } from "../../http/responses.ts";
import { respondWithError } from "../error-answer.ts";
import { routes } from "./routes.ts";

/** Port 9091: the metrics of requests in Prometheus' text format (spec Q-066, M-021). */
export function metricsHandler(source: MetricsSource): Handler {
  return routes({ "/metrics": (exchange) => answer(exchange, source) });
}

function answer(exchange: Exchange, source: MetricsSource): void {
  const { method } = exchange.request;
  if (method !== "GET" && method !== "HEAD") {
    const headers = new HeaderBlock(["Allow", "GET, HEAD"]);
    respondWithError(exchange, { status: 405, code: "method", text: "Method Not Allowed", headers });
    return;
  }
  const headers = new HeaderBlock(["Content-Type", METRICS_TEXT_TYPE]);
  respondWith(exchange, { status: 200, headers, body: metricsText(source) });
}
