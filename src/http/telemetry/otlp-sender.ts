import type { Clock } from "../../base/clock.ts";
import { EbbError } from "../../base/errors.ts";
import type { Network } from "../conn.ts";
import { httpFetch } from "../fetch.ts";
import { HeaderBlock } from "../header-block.ts";
import { tlsNetwork } from "../tls.ts";
import type { TlsIdentity } from "../tls-identity.ts";

export interface OtlpEndpoint {
  readonly protocol: "grpc" | "http/protobuf";
  /** A URL, or host and port. */
  readonly endpoint: string;
  readonly signal: "traces" | "metrics";
  readonly options?: OtlpOptions | undefined;
}

/** What a program's environment may say of its collector (see otel-environment.ts). */
export interface OtlpOptions {
  /** Instead of the endpoint, path and all. */
  readonly url?: URL;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly timeoutMs?: number;
  readonly gzip?: boolean;
  /** PEM; default those that Node believes. */
  readonly authorities?: string;
  /** Shown to a collector that asks. */
  readonly identity?: TlsIdentity;
}

/** As OpenTelemetry's exporters. */
const TIMEOUT_MS = 10_000;
const PORTS = { grpc: 4317, "http/protobuf": 4318 } as const;
const GRPC_SERVICES = {
  traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
} as const;
const FRAME_BYTES = 5;

interface SenderPorts {
  readonly network: Network;
  readonly clock: Clock;
}

/** Sends one message; rejects with EbbError `otlp-refused`, or what httpFetch rejects with. */
export async function sendOtlp(ports: SenderPorts, to: OtlpEndpoint, message: Buffer): Promise<void> {
  const { protocol, signal, options = {} } = to;
  const url = urlOf(to);
  const isGrpc = protocol === "grpc";
  const body = options.gzip ? zlib().gzipSync(message) : message;
  const headers = new HeaderBlock(["Host", url.host]);
  for (const [name, value] of options.headers ?? []) headers.set(name, value);
  headers.set("Content-Type", isGrpc ? "application/grpc" : "application/x-protobuf");
  if (isGrpc) headers.set("Te", "trailers");
  if (options.gzip) headers.set(isGrpc ? "Grpc-Encoding" : "Content-Encoding", "gzip");
  const isSecure = url.protocol === "https:";
  const network = isSecure ? secured(ports.clock, url, options) : ports.network;
  const answer = await httpFetch(
    { ...ports, network },
    {
      address: { ip: hostOf(url), port: url.port === "" ? PORTS[protocol] : Number(url.port) },
      method: "POST",
      target: isGrpc ? GRPC_SERVICES[signal] : url.pathname + url.search,
      headers,
      body: isGrpc ? framed(body, options.gzip === true) : body,
      streamed: isGrpc,
      timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
      http2: isGrpc,
      scheme: isSecure ? "https" : "http",
    },
  );
  const grpcStatus = isGrpc && (answer.trailers?.get("grpc-status") ?? answer.headers.get("grpc-status"));
  const isTaken = answer.status >= 200 && answer.status <= 299 && (!isGrpc || grpcStatus === "0");
  if (isTaken) return;
  const why = [`status ${answer.status}`];
  if (isGrpc) why.push(`grpc-status ${grpcStatus}`);
  if (answer.body.length > 0) why.push(answer.body.toString("utf8").slice(0, 200));
  const what = `the collector at ${url.origin} does not take ${signal}: ${why.join(", ")}`;
  throw new EbbError("otlp-refused", what);
}

/**
 * A name with a port and no scheme means https, as in Knative; an address means http, which Knative cannot read at all.
 * Throws EbbError `otlp-endpoint`.
 */
function urlOf({ endpoint, signal, options }: Omit<OtlpEndpoint, "protocol">): URL {
  if (options?.url) return options.url;
  const scheme = /^[a-z][^/]*:\d+$/i.test(endpoint) ? "https" : "http";
  const text = endpoint.includes("://") ? endpoint : `${scheme}://${endpoint}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    const said = JSON.stringify(endpoint);
    throw new EbbError(
      "otlp-endpoint",
      `cannot export to ${said}: give http://HOST:PORT or https://HOST:PORT`,
    );
  }
  if (url.pathname === "/") url.pathname = `/v1/${signal}`;
  return url;
}

function secured(clock: Clock, url: URL, { authorities, identity }: OtlpOptions): Network {
  const name = hostOf(url);
  // An address is nothing that a client may name at the beginning of a handshake.
  const serverName = /^[\d.]+$|:/.test(name) ? "" : name;
  return tlsNetwork({
    clock,
    settings: { minVersion: "TLSv1.2" },
    trust: {
      serverName,
      acceptedNames: [name],
      authorities: () => authorities,
      ...(identity && { identity }),
    },
  });
}

/** IPv6 without its brackets. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}

function framed(message: Buffer, isCompressed: boolean): Buffer {
  const frame = Buffer.alloc(FRAME_BYTES);
  frame.writeUInt8(isCompressed ? 1 : 0);
  frame.writeUInt32BE(message.length, 1);
  return Buffer.concat([frame, message]);
}

function zlib() {
  return process.getBuiltinModule("node:zlib");
}
