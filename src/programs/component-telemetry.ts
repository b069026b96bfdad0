import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { MetricsSource } from "../base/metrics.ts";
import type { Webhook } from "../embedded/apiserver/schema-admission.ts";
import { WebhookMetrics } from "../embedded/apiserver/webhook-metrics.ts";
import type { Network } from "../http/conn.ts";
import { componentResource } from "./component-resource.ts";
import type { RunningControllers } from "./controllers.ts";
import type { DataPlanes } from "./data-planes.ts";
import type { LogLevels } from "./log-levels.ts";
import { packageVersion } from "./package-version.ts";
import { EngineTelemetry } from "./telemetry.ts";

export interface ComponentTelemetryPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly network: Network;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly levels: LogLevels;
  readonly dataPlanes: DataPlanes;
}

/** Joins the telemetry of all components of an engine to its configuration. */
export class ComponentTelemetry {
  readonly #ports: ComponentTelemetryPorts;
  readonly #webhook: WebhookMetrics;

  constructor(ports: ComponentTelemetryPorts) {
    this.#ports = ports;
    this.#webhook = new WebhookMetrics(ports.clock);
  }

  /** The same webhook, measured. */
  measured(webhook: Webhook): Webhook {
    return this.#webhook.measured(webhook);
  }

  /** Follows the configuration of these controllers until the signal aborts. */
  follow(running: RunningControllers, signal: AbortSignal): void {
    const { log, levels, dataPlanes } = this.#ports;
    const own = this.#sourcesOf(running);
    const engine = new EngineTelemetry({
      ...this.#ports,
      log: log.with({ component: "telemetry" }),
      config: running.config,
      async sources() {
        const activator = await dataPlanes.metrics();
        return activator ? [activator, ...own] : own;
      },
      onSettings(settings) {
        levels.apply(settings.logLevels);
        dataPlanes.configure(settings);
      },
    });
    engine.start();
    signal.addEventListener("abort", () => void engine.close(), { once: true });
  }

  #sourcesOf({ autoscalerMetrics, controllerMetrics }: RunningControllers): readonly MetricsSource[] {
    const version = packageVersion();
    return [
      { resource: componentResource("autoscaler", version), metrics: autoscalerMetrics },
      { resource: componentResource("controller", version), metrics: controllerMetrics },
      { resource: componentResource("webhook", version), metrics: this.#webhook.metrics },
    ];
  }
}
