import * as wire from "../../api/wire/headers.ts";
import { textOfBytes } from "../../base/byte-text.ts";
import type { Clock } from "../../base/clock.ts";
import {
  type Attributes,
  Histogram,
  type HistogramSeries,
  type Metric,
  type MetricsSource,
  Observed,
  SECONDS_BOUNDS,
} from "../../base/metrics.ts";
import type { HeaderBlock } from "../../http/header-block.ts";
import type { Exchange } from "../../http/message.ts";
import {
  type Callee,
  HttpMetrics,
  type MetricLabels,
  shownStatus,
} from "../../http/telemetry/http-metrics.ts";
import { Measured } from "../../http/telemetry/measured.ts";
import { programAttributes } from "../../http/telemetry/resource.ts";
import type { QueueProxyConfig } from "./config.ts";

/** The metrics of requests with Knative's names and labels (spec Q-063…Q-065, M-001…M-004). */

const SCOPE = "knative.dev/serving/pkg/queue";

export interface RequestMetricsOptions {
  readonly config: QueueProxyConfig;
  /** ebb's own. */
  readonly version: string;
  /** Requests in the breaker, running and waiting; undefined = no breaker, no metric (spec M-002). */
  readonly queueDepth: () => number | undefined;
}

export class RequestMetrics implements MetricsSource {
  readonly resource: Attributes;
  readonly metrics: readonly Metric[];
  /** The application, as the queue-proxy calls it. */
  readonly application: Callee;
  readonly #http = new HttpMetrics();
  readonly #invocations: Histogram;
  readonly #byStatus = new Map<number, HistogramSeries>();
  readonly #byTag = new Map<string, MetricLabels>();

  constructor({ config, version, queueDepth }: RequestMetricsOptions) {
    this.application = { ip: "127.0.0.1", port: config.userPort };
    this.resource = resourceOf(config, version);
    const name = "kn.serving.invocation.duration";
    const description = "The duration of an invocation, without the time in the queue.";
    this.#invocations = new Histogram({ name, unit: "s", description, scope: SCOPE, bounds: SECONDS_BOUNDS });
    const depth = new Observed("gauge", {
      name: "kn.serving.queue.depth",
      unit: "{request}",
      description: "Number of requests that run or wait.",
      scope: SCOPE,
      read() {
        const value = queueDepth();
        return value === undefined ? [] : [{ attributes: {}, value }];
      },
    });
    this.metrics = [...this.#http.metrics, this.#invocations, depth];
  }

  /** To be called before anything of the request is changed. */
  measure(exchange: Exchange, clock: Clock): Measured {
    const { request } = exchange;
    const labels = this.#labelsOf(routeTagOf(request.headers));
    const route = this.#http.routeOf(request, exchange.secure ? "https" : "http", labels);
    return new Measured(exchange, { clock, route, onInvocation: this.invocation });
  }

  readonly invocation = (status: number, seconds: number): void => {
    const shown = shownStatus(status);
    let series = this.#byStatus.get(shown);
    if (series === undefined) {
      series = this.#invocations.at({ "http.response.status_code": shown });
      this.#byStatus.set(shown, series);
    }
    series.record(seconds);
  };

  #labelsOf(tag: string): MetricLabels {
    let labels = this.#byTag.get(tag);
    if (labels === undefined) {
      labels = { key: tag, attributes: { "kn.route.tag": tag } };
      if (this.#byTag.size < TAGS_MAX) this.#byTag.set(tag, labels);
    }
    return labels;
  }
}

/** Whoever invents tags does not fill the memory; the series of what is beyond are found by their names. */
const TAGS_MAX = 1000;

/** Spec Q-064. */
export function routeTagOf(headers: HeaderBlock): string {
  const tag = headers.get(wire.SERVING_TAG) ?? "";
  const defaultRoute = headers.get(wire.SERVING_DEFAULT_ROUTE) ?? "";
  if (tag === "") return defaultRoute === "" ? "kn:disabled" : "kn:default";
  return defaultRoute === "true" ? "kn:undefined" : textOfBytes(tag);
}

/** Spec Q-065, with the label that was recorded (errata). */
export function resourceOf(config: QueueProxyConfig, version: string): Attributes {
  const { service, configuration, revision, namespace, pod } = config;
  return {
    ...config.resource,
    "container.name": "queue-proxy",
    "k8s.namespace.name": namespace,
    "k8s.pod.name": pod,
    "kn.configuration.name": configuration,
    "kn.revision.name": revision,
    ...(service !== "" && { "kn.service.name": service }),
    "service.instance.id": pod,
    "service.name": config.otelServiceName || service || configuration || revision,
    ...programAttributes({ version }),
  };
}
