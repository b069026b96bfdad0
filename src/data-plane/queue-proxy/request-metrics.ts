import * as wire from "../../api/wire/headers.ts";
import {
  type Attributes,
  Gauge,
  Histogram,
  type HistogramSeries,
  type MetricsSource,
} from "../../base/metrics.ts";
import type { HeaderBlock } from "../../http/header-block.ts";
import type { RequestHead } from "../../http/message.ts";
import type { QueueProxyConfig } from "./config.ts";

/** The metrics of requests with Knative's names and labels (spec Q-063…Q-065, M-001…M-004). */

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const BYTES = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000];
const HTTP_SCOPE = "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp";
const QUEUE_SCOPE = "knative.dev/serving/pkg/queue";

/** A client that left before any answer; nginx' number, Knative has none. */
const CLIENT_GONE = 499;
/** Beyond these, clients that invent hosts share one set of series. */
const ROUTES_MAX = 1000;
const SHARED = "";
const OVERFLOW: Attributes = { "otel.metric.overflow": "true" };

export interface RequestMetricsOptions {
  readonly config: QueueProxyConfig;
  /** ebb's own. */
  readonly version: string;
  /** Requests in the breaker, running and waiting; undefined = no breaker, no metric (spec M-002). */
  readonly queueDepth: () => number | undefined;
}

export class RequestMetrics implements MetricsSource {
  readonly resource: Attributes;
  readonly metrics: readonly (Histogram | Gauge)[];
  readonly userPort: number;
  readonly serverDuration = http("http.server.request.duration", "s", "Duration of HTTP server requests.");
  readonly serverRequestSize = http(
    "http.server.request.body.size",
    "By",
    "Size of HTTP server request bodies.",
  );
  readonly serverResponseSize = http(
    "http.server.response.body.size",
    "By",
    "Size of HTTP server response bodies.",
  );
  readonly clientDuration = http("http.client.request.duration", "s", "Duration of HTTP client requests.");
  readonly clientRequestSize = http(
    "http.client.request.body.size",
    "By",
    "Size of HTTP client request bodies.",
  );
  readonly #invocations: Histogram;
  readonly #byStatus = new Map<number, HistogramSeries>();
  readonly #routes = new Map<string, RouteMetrics>();
  #last: RouteMetrics | undefined;

  constructor({ config, version, queueDepth }: RequestMetricsOptions) {
    this.userPort = config.userPort;
    this.resource = resourceOf(config, version);
    const name = "kn.serving.invocation.duration";
    const description = "The duration of an invocation, without the time in the queue.";
    this.#invocations = new Histogram({ name, unit: "s", description, scope: QUEUE_SCOPE, bounds: SECONDS });
    const depth = new Gauge({
      name: "kn.serving.queue.depth",
      unit: "{request}",
      description: "Number of requests that run or wait.",
      scope: QUEUE_SCOPE,
      read: queueDepth,
    });
    const { clientDuration, clientRequestSize, serverDuration, serverRequestSize, serverResponseSize } = this;
    const client = [clientRequestSize, clientDuration];
    this.metrics = [
      ...client,
      serverRequestSize,
      serverDuration,
      serverResponseSize,
      this.#invocations,
      depth,
    ];
  }

  /** Found without allocation when the request is like the one before. Asked before its header changes. */
  routeOf(request: RequestHead, scheme: "http" | "https"): RouteMetrics {
    const { method, version, headers } = request;
    const host = headers.get("host") ?? "";
    const tag = routeTagOf(headers);
    const last = this.#last;
    if (last?.is(method, version, host) && last.tag === tag && last.scheme === scheme) {
      return last;
    }
    const key = `${method} ${version} ${scheme} ${host} ${tag}`;
    const isFull = this.#routes.size >= ROUTES_MAX;
    let route = this.#routes.get(key) ?? (isFull ? this.#routes.get(SHARED) : undefined);
    if (route === undefined) {
      route = new RouteMetrics(this, { method, version, scheme, host, tag, isShared: isFull });
      this.#routes.set(isFull ? SHARED : key, route);
    }
    this.#last = route;
    return route;
  }

  invocation(status: number, seconds: number): void {
    const shown = shownStatus(status);
    let series = this.#byStatus.get(shown);
    if (series === undefined) {
      series = this.#invocations.at({ "http.response.status_code": shown });
      this.#byStatus.set(shown, series);
    }
    series.record(seconds);
  }
}

interface Route {
  readonly method: string;
  readonly version: RequestHead["version"];
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly tag: string;
  readonly isShared: boolean;
}

interface ServerSeries {
  readonly duration: HistogramSeries;
  readonly requestSize: HistogramSeries;
  readonly responseSize: HistogramSeries;
}

interface ClientSeries {
  readonly duration: HistogramSeries;
  readonly requestSize: HistogramSeries;
}

/** The series of all requests with the same method, protocol, host and tag. */
export class RouteMetrics {
  readonly tag: string;
  readonly scheme: "http" | "https";
  readonly #all: RequestMetrics;
  readonly #route: Route;
  readonly #server = new Map<number, ServerSeries>();
  readonly #client = new Map<number | string, ClientSeries>();

  constructor(all: RequestMetrics, route: Route) {
    this.#all = all;
    this.#route = route;
    this.tag = route.tag;
    this.scheme = route.scheme;
  }

  is(method: string, version: string, host: string): boolean {
    const route = this.#route;
    return route.method === method && route.host === host && route.version === version;
  }

  /** The length of a chunked body is not known, and not told of. */
  served(seen: {
    status: number;
    seconds: number;
    requestBytes: number | undefined;
    responseBytes: number;
  }): void {
    const status = shownStatus(seen.status);
    let series = this.#server.get(status);
    if (series === undefined) {
      const all = this.#all;
      const attributes = this.#serverAttributes(status);
      series = {
        duration: all.serverDuration.at(attributes),
        requestSize: all.serverRequestSize.at(attributes),
        responseSize: all.serverResponseSize.at(attributes),
      };
      this.#server.set(status, series);
    }
    series.duration.record(seen.seconds);
    series.responseSize.record(seen.responseBytes);
    if (seen.requestBytes !== undefined) series.requestSize.record(seen.requestBytes);
  }

  /** `outcome`: the status of the application's answer, or the type of the error in Go's words. */
  called(outcome: number | string, seconds: number, requestBytes: number | undefined): void {
    let series = this.#client.get(outcome);
    if (series === undefined) {
      const attributes = this.#clientAttributes(outcome);
      series = {
        duration: this.#all.clientDuration.at(attributes),
        requestSize: this.#all.clientRequestSize.at(attributes),
      };
      this.#client.set(outcome, series);
    }
    series.duration.record(seconds);
    if (requestBytes !== undefined) series.requestSize.record(requestBytes);
  }

  #serverAttributes(status: number): Attributes {
    const { host, isShared, scheme } = this.#route;
    if (isShared) return OVERFLOW;
    const port = /:(\d+)$/.exec(host)?.[1];
    return {
      ...this.#common(),
      "http.response.status_code": status,
      "server.address": host.replace(/:\d*$/, ""),
      ...(port !== undefined && { "server.port": Number(port) }),
      "url.scheme": scheme,
    };
  }

  #clientAttributes(outcome: number | string): Attributes {
    if (this.#route.isShared) return OVERFLOW;
    return {
      ...this.#common(),
      ...(typeof outcome === "number" ? { "http.response.status_code": outcome } : { "error.type": outcome }),
      "server.address": "127.0.0.1",
      "server.port": this.#all.userPort,
      "url.scheme": "http",
    };
  }

  #common(): Attributes {
    const { method, version, tag } = this.#route;
    return {
      "http.request.method": METHODS.has(method) ? method : "_OTHER",
      "kn.route.tag": tag,
      "network.protocol.name": "http",
      "network.protocol.version": version,
    };
  }
}

const METHODS = new Set(["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"]);

/** An upgraded connection counts as 200 (errata Q-063). */
function shownStatus(status: number): number {
  if (status === 101) return 200;
  return status === 0 ? CLIENT_GONE : status;
}

/** Spec Q-064. */
export function routeTagOf(headers: HeaderBlock): string {
  const tag = headers.get(wire.SERVING_TAG) ?? "";
  const defaultRoute = headers.get(wire.SERVING_DEFAULT_ROUTE) ?? "";
  if (tag === "") return defaultRoute === "" ? "kn:disabled" : "kn:default";
  return defaultRoute === "true" ? "kn:undefined" : tag;
}

function http(name: string, unit: "s" | "By", description: string): Histogram {
  const bounds = unit === "s" ? SECONDS : BYTES;
  return new Histogram({ name, unit, description, scope: HTTP_SCOPE, bounds });
}

/** Spec Q-065, with the label that was recorded (errata). */
export function resourceOf(config: QueueProxyConfig, version: string): Attributes {
  const { service, configuration, revision, namespace, pod } = config;
  return {
    "container.name": "queue-proxy",
    "k8s.namespace.name": namespace,
    "k8s.pod.name": pod,
    "kn.configuration.name": configuration,
    "kn.revision.name": revision,
    "kn.service.name": service,
    "service.instance.id": pod,
    "service.name": config.otelServiceName || service || configuration || revision,
    "service.version": version,
    "telemetry.sdk.language": "nodejs",
    "telemetry.sdk.name": "ebb",
    "telemetry.sdk.version": version,
  };
}
