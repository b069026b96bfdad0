import { type DuckStatus, duckStatusFields } from "../duck-status.ts";
import type { Kind } from "../kind.ts";
import { READY_REASON, READY_STATUS, type Resource, resource } from "../resource.ts";
import { type RevisionTemplate, revisionTemplateSchema } from "../revision-spec.ts";
import { object, type Schema, string } from "../schema.ts";

export interface ConfigurationSpec {
  template: RevisionTemplate;
}

export interface ConfigurationStatus extends DuckStatus {
  latestReadyRevisionName?: string;
  latestCreatedRevisionName?: string;
}

export type Configuration = Resource<ConfigurationSpec, ConfigurationStatus>;

const specSchema = object({}, { template: revisionTemplateSchema }) as Schema as Schema<ConfigurationSpec>;

/** spec. */
export const ConfigurationKind: Kind<Configuration> = {
  group: "serving.knative.dev",
  version: "v1",
  kind: "Configuration",
  plural: "configurations",
  singular: "configuration",
  shortNames: ["config", "cfg"],
  categories: ["all", "knative", "serving"],
  namespaced: true,
  custom: true,
  statusSubresource: true,
  schema: resource<ConfigurationSpec, ConfigurationStatus>(
    specSchema,
    object(
      {},
      { ...duckStatusFields, latestReadyRevisionName: string(), latestCreatedRevisionName: string() },
    ),
  ),
  columns: [
    { name: "LatestCreated", type: "string", value: ".status.latestCreatedRevisionName" },
    { name: "LatestReady", type: "string", value: ".status.latestReadyRevisionName" },
    { name: "Ready", type: "string", value: READY_STATUS },
    { name: "Reason", type: "string", value: READY_REASON },
  ],
};
