import type { LogLevel } from "../config/logging.ts";
import type { TracingConfig } from "../config/observability.ts";

/** What the ConfigMaps say to the data plane (spec C-115…C-130): it holds this much of them, and never the objects. */
export interface DataPlaneSettings {
  /** Someone reads the metrics of the components (C-124). */
  readonly measures: boolean;
  readonly tracing: TracingConfig;
  /** "" = no request log. */
  readonly requestLogTemplate: string;
  readonly mesh: MeshSettings;
  readonly logLevels: LogLevelSettings;
}

/** Which lines of the engine's log are written (spec C-143, C-144). */
export interface LogLevelSettings {
  /** Of components that have none of their own; undefined = the level that the engine was started with. */
  readonly base?: LogLevel | undefined;
  /** By Knative's name of the component, or by ebb's own. */
  readonly components: Readonly<Record<string, LogLevel>>;
}

/** Whether the pods of a revision can be reached one by one (spec T-010, T-033, S-035). */
export interface MeshSettings {
  /** enabled = no pod can, disabled = each one can, auto = their answers to probes and scrapes tell. */
  readonly mode: "auto" | "enabled" | "disabled";
  /** The mesh passes requests on to the pod that a header names: each pod can be reached after all. */
  readonly podAddressability: boolean;
}

export const QUIET_SETTINGS: DataPlaneSettings = {
  measures: false,
  tracing: { protocol: "none", endpoint: "", samplingRate: 0 },
  requestLogTemplate: "",
  mesh: { mode: "auto", podAddressability: false },
  logLevels: { components: {} },
};
