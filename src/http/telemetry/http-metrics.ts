import {
  type Attributes,
  Histogram,
  type HistogramSeries,
  type Metric,
  SECONDS_BOUNDS,
} from "../../base/metrics.ts";
import type { RequestHead } from "../message.ts";

/** OpenTelemetry's metrics of HTTP servers and clients (spec M-003, M-004), with labels that a program adds. */

const BYTES_BOUNDS = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000];
const SCOPE = "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp";

/** A client that left before any answer; nginx' number, Knative has none. */
const CLIENT_GONE = 499;
/** Beyond these, clients that invent hosts share one set of series. */
const ROUTES_MAX = 1000;
const SHARED = "";
const OVERFLOW: Attributes = { "otel.metric.overflow": "true" };

/** What a program says of a request; whoever says the same again gives the same object. */
export interface MetricLabels {
  /** Different for different attributes. */
  readonly key: string;
  readonly attributes: Attributes;
}

/** Who is called. The same object each time, for a series is kept with it. */
export interface Callee {
  readonly ip: string;
  readonly port: number;
}

export class HttpMetrics {
  readonly serverDuration = histogram(
    "http.server.request.duration",
    "s",
    "Duration of HTTP server requests.",
  );
  readonly serverRequestSize = histogram(
    "http.server.request.body.size",
    "By",
    "Size of HTTP server request bodies.",
  );
  readonly serverResponseSize = histogram(
    "http.server.response.body.size",
    "By",
    "Size of HTTP server response bodies.",
  );
  readonly clientDuration = histogram(
    "http.client.request.duration",
    "s",
    "Duration of HTTP client requests.",
  );
  readonly clientRequestSize = histogram(
    "http.client.request.body.size",
    "By",
    "Size of HTTP client request bodies.",
  );
  readonly #routes = new Map<string, RouteMetrics>();
  #last: RouteMetrics | undefined;

  get metrics(): readonly Metric[] {
    const { clientRequestSize, clientDuration, serverRequestSize, serverDuration, serverResponseSize } = this;
    return [clientRequestSize, clientDuration, serverRequestSize, serverDuration, serverResponseSize];
  }

  /** Found without allocation when the request is like the one before. Asked before its header changes. */
  routeOf(request: RequestHead, scheme: "http" | "https", labels: MetricLabels): RouteMetrics {
    const { method, version, headers } = request;
    const host = headers.get("host") ?? "";
    if (this.#last?.is(request, host, { scheme, labels })) return this.#last;
    const key = `${method} ${version} ${scheme} ${host} ${labels.key}`;
    const isFull = this.#routes.size >= ROUTES_MAX;
    let route = this.#routes.get(key) ?? (isFull ? this.#routes.get(SHARED) : undefined);
    if (route === undefined) {
      route = new RouteMetrics(this, { method, version, scheme, host, labels, isShared: isFull });
      this.#routes.set(isFull ? SHARED : key, route);
    }
    this.#last = route;
    return route;
  }
}

interface Route {
  readonly method: string;
  readonly version: RequestHead["version"];
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly labels: MetricLabels;
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

/** The series of all requests with the same method, protocol, host and labels. */
export class RouteMetrics {
  readonly #all: HttpMetrics;
  readonly #route: Route;
  readonly #server = new Map<number, ServerSeries>();
  readonly #client = new WeakMap<Callee, Map<number | string, ClientSeries>>();

  constructor(all: HttpMetrics, route: Route) {
    this.#all = all;
    this.#route = route;
  }

  is(request: RequestHead, host: string, of: Pick<Route, "scheme" | "labels">): boolean {
    const route = this.#route;
    return (
      route.method === request.method &&
      route.host === host &&
      route.labels === of.labels &&
      route.version === request.version &&
      route.scheme === of.scheme
    );
  }

  /** A length that nobody counted is not told of. */
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

  called(seen: {
    callee: Callee;
    /** The status of the answer, or the type of the error in Go's words. */
    outcome: number | string;
    seconds: number;
    requestBytes: number | undefined;
  }): void {
    const series = this.#clientSeries(seen.callee, seen.outcome);
    series.duration.record(seen.seconds);
    if (seen.requestBytes !== undefined) series.requestSize.record(seen.requestBytes);
  }

  #clientSeries(callee: Callee, outcome: number | string): ClientSeries {
    let byOutcome = this.#client.get(callee);
    if (byOutcome === undefined) {
      byOutcome = new Map();
      this.#client.set(callee, byOutcome);
    }
    let series = byOutcome.get(outcome);
    if (series === undefined) {
      const attributes = this.#clientAttributes(callee, outcome);
      series = {
        duration: this.#all.clientDuration.at(attributes),
        requestSize: this.#all.clientRequestSize.at(attributes),
      };
      byOutcome.set(outcome, series);
    }
    return series;
  }

  #serverAttributes(status: number): Attributes {
    const { host, isShared, scheme } = this.#route;
    if (isShared) return OVERFLOW;
    // As OpenTelemetry's library for Go has it: an address without brackets, and no port that goes without saying.
    const [, literal, name = host, port = ""] = /^(?:\[(.*)\]|([^:]*))(?::(\d*))?$/.exec(host) ?? [];
    const isUsual = port === "" || port === (scheme === "https" ? "443" : "80");
    return {
      ...this.#common(),
      "http.response.status_code": status,
      "server.address": literal ?? name,
      ...(!isUsual && { "server.port": Number(port) }),
      "url.scheme": scheme,
    };
  }

  #clientAttributes({ ip, port }: Callee, outcome: number | string): Attributes {
    if (this.#route.isShared) return OVERFLOW;
    return {
      ...this.#common(),
      ...(typeof outcome === "number" ? { "http.response.status_code": outcome } : { "error.type": outcome }),
      "server.address": ip,
      "server.port": port,
      "url.scheme": "http",
    };
  }

  #common(): Attributes {
    const { method, version, labels } = this.#route;
    return {
      "http.request.method": METHODS.has(method.toUpperCase()) ? method.toUpperCase() : "_OTHER",
      ...labels.attributes,
      "network.protocol.name": "http",
      "network.protocol.version": version,
    };
  }
}

const METHODS = new Set(["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"]);

/** An upgraded connection counts as 200 (errata Q-063). */
export function shownStatus(status: number): number {
  if (status === 101) return 200;
  return status === 0 ? CLIENT_GONE : status;
}

function histogram(name: string, unit: "s" | "By", description: string): Histogram {
  const bounds = unit === "s" ? SECONDS_BOUNDS : BYTES_BOUNDS;
  return new Histogram({ name, unit, description, scope: SCOPE, bounds });
}
