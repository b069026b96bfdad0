import type { DataPlaneSettings, MeshSettings } from "../wire/settings.ts";
import type { Config } from "./config.ts";

/** What of the configuration concerns the data plane (spec C-115…C-130, C-144). */
export function dataPlaneSettings({ logging, network, observability }: Config): DataPlaneSettings {
  const { enableRequestLog, metrics, requestLogTemplate, tracing } = observability;
  return {
    measures: metrics.protocol !== "none",
    tracing,
    requestLogTemplate: enableRequestLog ? requestLogTemplate : "",
    mesh: meshSettings({ network }),
    logLevels: { base: logging.baseLevel, components: Object.fromEntries(logging.levels) },
  };
}

export function meshSettings({ network }: Pick<Config, "network">): MeshSettings {
  return { mode: network.meshCompatibilityMode, podAddressability: network.enableMeshPodAddressability };
}
