/** What the ConfigMaps say to the data plane (spec C-115…C-130): it holds this much of them, and never the objects. */
export interface DataPlaneSettings {
  /** Someone reads the metrics of the components (C-124). */
  readonly measures: boolean;
  readonly tracing: {
    readonly protocol: "none" | "stdout" | "grpc" | "http/protobuf";
    readonly endpoint: string;
    /** 0…1: the share of new traces that are recorded. */
    readonly samplingRate: number;
  };
  /** "" = no request log. */
  readonly requestLogTemplate: string;
  readonly mesh: MeshSettings;
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
};
