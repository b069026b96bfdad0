import type { Link } from "../api/wire/link.ts";
import type { DataPlaneSettings } from "../api/wire/settings.ts";
import { type Clock, sleep } from "../base/clock.ts";
import { type Attributes, type MetricsSource, snapshotOf } from "../base/metrics.ts";
import type { Activator } from "../data-plane/activator/activator.ts";
import { activatorMetrics } from "../data-plane/activator/activator-metrics.ts";
import type { LogLevels } from "./log-levels.ts";

/** Settings and metrics across the process border: the control plane knows the ConfigMaps and hands metrics out. */

const SETTINGS = "telemetry.settings";
const ASK = "telemetry.ask";
const METRICS = "telemetry.metrics";
/** A data plane that is so busy is left out of this answer. */
const PATIENCE_MS = 2_000;

/** The control plane's end. */
export interface DataPlaneTelemetry {
  configure(settings: DataPlaneSettings): void;
  /** Undefined when the data plane does not answer in time. */
  metrics(): Promise<MetricsSource | undefined>;
}

export function telemetryOver(link: Link, clock: Clock): DataPlaneTelemetry {
  const waiting: ((metrics: MetricsSource) => void)[] = [];
  link.listen(METRICS, (metrics) => waiting.shift()?.(metrics as MetricsSource));
  return {
    configure: (settings) => link.send(SETTINGS, settings),
    metrics() {
      const answer = new Promise<MetricsSource>((resolve) => waiting.push(resolve));
      link.send(ASK, null);
      const patience = new AbortController();
      const late = sleep(clock, PATIENCE_MS, patience.signal).then(() => undefined);
      return Promise.race([answer, late]).finally(() => patience.abort());
    },
  };
}

/** The data plane's end. */
export function serveTelemetry(
  link: Link,
  { activator, levels, resource }: { activator: Activator; levels: LogLevels; resource: Attributes },
): void {
  const metrics = activatorMetrics(activator, resource);
  link.listen(SETTINGS, (message) => {
    const settings = message as DataPlaneSettings;
    levels.apply(settings.logLevels);
    activator.options.telemetry?.apply(settings);
    activator.revisions.setMesh(settings.mesh);
  });
  link.listen(ASK, () => link.send(METRICS, snapshotOf(metrics)));
}
