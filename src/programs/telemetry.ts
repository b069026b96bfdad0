import { readFileSync } from "node:fs";
import type { Config } from "../api/config/config.ts";
import { dataPlaneSettings } from "../api/config/data-plane-settings.ts";
import type { ExportConfig } from "../api/config/observability.ts";
import type { DataPlaneSettings } from "../api/wire/settings.ts";
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { MetricsSource } from "../base/metrics.ts";
import { addressText } from "../data-plane/backend.ts";
import { metricsAddress } from "../data-plane/metrics-address.ts";
import { metricsNetwork } from "../data-plane/metrics-network.ts";
import { metricsHandler } from "../data-plane/metrics-server.ts";
import type { Network } from "../http/conn.ts";
import { HttpServer } from "../http/server.ts";
import { MetricsPush } from "../http/telemetry/metrics-push.ts";
import type { ConfigSource } from "../kube/controller.ts";

export interface TelemetryPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly network: Network;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly config: ConfigSource<Config>;
  /** The metrics of all components. */
  readonly sources: () => Promise<readonly MetricsSource[]>;
  /** Told at the start, and of each change. */
  readonly onSettings: (settings: DataPlaneSettings) => void;
}

/** Where the metrics of all components of an engine are found when config-observability says `prometheus`. */
const PROMETHEUS = { ip: "127.0.0.1", port: 9090 };

/** Whatever hands metrics out now. */
interface Outlet {
  close(): Promise<void>;
}

/** Makes an engine's telemetry follow config-observability and config-logging while it runs (spec C-124…C-144). */
export class EngineTelemetry {
  readonly #ports: TelemetryPorts;
  #settings = "";
  #exported = "";
  /** One change after the other. */
  #outlet: Promise<Outlet | undefined> = Promise.resolve(undefined);
  #isClosed = false;

  constructor(ports: TelemetryPorts) {
    this.#ports = ports;
  }

  start(): void {
    this.#apply();
    this.#ports.config.onChange(() => this.#apply());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await (await this.#outlet)?.close();
  }

  #apply(): void {
    if (this.#isClosed) return;
    const config = this.#ports.config.current();
    const settings = dataPlaneSettings(config);
    const text = JSON.stringify(settings);
    if (text !== this.#settings) this.#ports.onSettings(settings);
    this.#settings = text;
    const { metrics } = config.observability;
    const exported = JSON.stringify(metrics);
    if (exported !== this.#exported)
      this.#outlet = this.#outlet.then((before) => this.#replace(before, metrics));
    this.#exported = exported;
  }

  async #replace(before: Outlet | undefined, settings: ExportConfig): Promise<Outlet | undefined> {
    await before?.close();
    if (this.#isClosed || settings.protocol === "none") return undefined;
    if (settings.protocol === "prometheus") return this.#serve(settings.endpoint);
    const push = new MetricsPush({
      ...this.#ports,
      settings: { ...settings, intervalMs: settings.exportIntervalMs },
    });
    push.start();
    return {
      close: async () => {
        push.close();
        await push.flush();
      },
    };
  }

  async #serve(endpoint: string): Promise<Outlet | undefined> {
    const { clock, env, log, network, sources } = this.#ports;
    const server = new HttpServer({ clock, handler: metricsHandler({ clock, sources }) });
    try {
      const address = metricsAddress(endpoint, env, PROMETHEUS);
      const door = metricsNetwork({ clock, network, env, readFile: (path) => readFileSync(path, "utf8") });
      const listener = await door.listen(address, server.accept);
      log.info("metrics are served", { address: addressText(address), encrypted: door !== network });
      return {
        async close() {
          server.closeNow();
          await listener.close();
        },
      };
    } catch (thrown) {
      const error = `${messageOf(thrown)}; choose another with metrics-endpoint in config-observability`;
      log.error("metrics cannot be served", { error });
      return undefined;
    }
  }
}
