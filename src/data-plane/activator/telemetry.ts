import type { DataPlaneSettings } from "../../api/wire/settings.ts";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Attributes } from "../../base/metrics.ts";
import type { Random } from "../../base/random.ts";
import type { Network } from "../../http/conn.ts";
import type { Exchange } from "../../http/message.ts";
import { type Callee, HttpMetrics } from "../../http/telemetry/http-metrics.ts";
import { Measured } from "../../http/telemetry/measured.ts";
import { Traced } from "../../http/telemetry/traced.ts";
import { Tracing } from "../../http/telemetry/tracing.ts";
import { type RequestLog, requestLogOf } from "../request-log.ts";
import type { RevisionNames } from "./revision-names.ts";

export interface TelemetryPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly network: Network;
  readonly resource: Attributes;
  /** Takes lines of the request log, and spans where they go to the program's output. */
  readonly writeLine?: ((line: string) => void) | undefined;
}

const SPANS = { server: "handle", wait: "throttler_try", proxy: "activator_proxy" };
const SCOPE = "knative.dev/serving/pkg/activator";
/** A request for a revision that does not exist. */
const NO_LABELS = { key: "", attributes: {} };

/** Metrics, traces and log of the requests that pass the activator, as the settings in force want them (spec T-003). */
export class ActivatorTelemetry {
  /** Kept once it was made, so that counts do not fall when nobody reads them for a while. */
  http: HttpMetrics | undefined;
  readonly #ports: TelemetryPorts;
  #measures = false;
  #tracing: Tracing | undefined;
  #requestLog: RequestLog | undefined;
  #isOn = false;

  constructor(ports: TelemetryPorts) {
    this.#ports = ports;
  }

  /** From the next request on. */
  apply({ measures, tracing, requestLogTemplate }: DataPlaneSettings): void {
    const { clock, log, writeLine: write } = this.#ports;
    this.#measures = measures;
    if (measures) this.http ??= new HttpMetrics();
    void this.#tracing?.flush();
    this.#tracing =
      tracing.protocol === "none"
        ? undefined
        : new Tracing({ ...this.#ports, settings: tracing, scope: SCOPE });
    const settings = { template: requestLogTemplate, probes: false };
    this.#requestLog = write && requestLogOf({ settings, clock, log, write });
    this.#isOn = measures || this.#tracing?.tracer !== undefined || this.#requestLog !== undefined;
  }

  /**
   * Undefined when neither metrics nor a trace is wanted of this request: then it pays nothing for them. To be called
   * before anything of the request is changed; `revision`: the one it is for, when there is one.
   */
  observe(
    exchange: Exchange,
    revision: { readonly names: RevisionNames } | undefined,
  ): Observation | undefined {
    if (!this.#isOn) return undefined;
    const names = revision?.names;
    if (names) this.#requestLog?.watch(exchange, names.logged);
    const measured = this.#measure(exchange, names);
    const traced = this.#trace(exchange, names);
    return measured || traced ? new Observation(measured, traced) : undefined;
  }

  async flush(): Promise<void> {
    await this.#tracing?.flush();
  }

  #measure(exchange: Exchange, names: RevisionNames | undefined): Measured | undefined {
    if (!this.#measures || this.http === undefined) return undefined;
    const scheme = exchange.secure ? "https" : "http";
    const route = this.http.routeOf(exchange.request, scheme, names?.labels ?? NO_LABELS);
    return new Measured(exchange, { clock: this.#ports.clock, route });
  }

  #trace(exchange: Exchange, names: RevisionNames | undefined): Traced | undefined {
    const tracer = this.#tracing?.tracer;
    if (tracer === undefined) return undefined;
    const { attributes } = names?.labels ?? NO_LABELS;
    return Traced.begin(exchange, { tracer, names: SPANS, attributes });
  }
}

/** One request as metrics and trace see it. */
export class Observation {
  readonly #measured: Measured | undefined;
  readonly #traced: Traced | undefined;

  constructor(measured: Measured | undefined, traced: Traced | undefined) {
    this.#measured = measured;
    this.#traced = traced;
  }

  /** It asks for a pod. */
  trying(): void {
    this.#traced?.waiting();
  }

  /** It goes to this pod now; may change its header. */
  forwarded(pod: Callee): void {
    this.#measured?.forwarded(pod);
    this.#traced?.forwarded();
  }

  called(outcome: number | string): void {
    this.#measured?.called(outcome);
    this.#traced?.called(outcome);
  }
}
