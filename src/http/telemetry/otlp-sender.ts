import type { Clock } from "../../base/clock.ts";
import { EbbError } from "../../base/errors.ts";
import type { Network } from "../conn.ts";
import { type FetchedResponse, httpFetch } from "../fetch.ts";
import { HeaderBlock } from "../header-block.ts";

export interface OtlpEndpoint {
  readonly protocol: "grpc" | "http/protobuf";
  /** A URL, or host and port. */
  readonly endpoint: string;
  readonly signal: "traces" | "metrics";
}

/** As OpenTelemetry's exporters. */
const TIMEOUT_MS = 10_000;
const PORTS = { grpc: 4317, "http/protobuf": 4318 } as const;
const GRPC_SERVICES = {
  traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
} as const;
const FRAME_BYTES = 5;

/** Sends one message; rejects with EbbError `otlp-refused`, or what httpFetch rejects with. */
export async function sendOtlp(
  ports: { network: Network; clock: Clock },
  to: OtlpEndpoint,
  message: Buffer,
): Promise<void> {
  const url = urlOf(to);
  const address = { ip: url.hostname, port: url.port === "" ? PORTS[to.protocol] : Number(url.port) };
  if (to.protocol === "grpc") {
    const answer = await httpFetch(ports, {
      address,
      method: "POST",
      target: GRPC_SERVICES[to.signal],
      headers: new HeaderBlock(["Host", url.host, "Content-Type", "application/grpc", "Te", "trailers"]),
      body: framed(message),
      streamed: true,
      timeoutMs: TIMEOUT_MS,
      http2: true,
    });
    const status = answer.trailers?.get("grpc-status") ?? answer.headers.get("grpc-status");
    if (answer.status !== 200 || status !== "0") throw refused(to, answer, `grpc-status ${status}`);
    return;
  }
  const answer = await httpFetch(ports, {
    address,
    method: "POST",
    target: url.pathname === "/" ? `/v1/${to.signal}` : url.pathname + url.search,
    headers: new HeaderBlock(["Host", url.host, "Content-Type", "application/x-protobuf"]),
    body: message,
    timeoutMs: TIMEOUT_MS,
  });
  if (answer.status < 200 || answer.status > 299) throw refused(to, answer, "");
}

function refused(
  { endpoint, signal }: OtlpEndpoint,
  { status, body }: FetchedResponse,
  more: string,
): EbbError {
  const why = [`status ${status}`, more, body.toString("utf8").slice(0, 200)]
    .filter((one) => one !== "")
    .join(", ");
  return new EbbError("otlp-refused", `the collector at ${endpoint} does not take ${signal}: ${why}`);
}

/** Throws EbbError `otlp-endpoint`: TLS to a collector is not spoken. */
export function urlOf({ endpoint }: Pick<OtlpEndpoint, "endpoint">): URL {
  const text = endpoint.includes("://") ? endpoint : `http://${endpoint}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:") return url;
  throw new EbbError("otlp-endpoint", `cannot export to ${JSON.stringify(endpoint)}: give http://HOST:PORT`);
}

function framed(message: Buffer): Buffer {
  const frame = Buffer.alloc(FRAME_BYTES);
  frame.writeUInt32BE(message.length, 1);
  return Buffer.concat([frame, message]);
}
