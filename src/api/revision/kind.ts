import { type DuckStatus, duckStatusFields } from "../duck-status.ts";
import type { Kind } from "../kind.ts";
import { READY_REASON, READY_STATUS, type Resource, resource } from "../resource.ts";
import { type RevisionSpec, revisionSpecSchema } from "../revision-spec.ts";
import { array, integer, object, string } from "../schema.ts";

export interface ContainerDigest {
  name?: string;
  imageDigest?: string;
}

export interface RevisionStatus extends DuckStatus {
  logUrl?: string;
  containerStatuses?: ContainerDigest[];
  initContainerStatuses?: ContainerDigest[];
  actualReplicas?: number;
  desiredReplicas?: number;
}

export type Revision = Resource<RevisionSpec, RevisionStatus>;

const digests = array(object({}, { name: string(), imageDigest: string() }));

/** spec. */
export const RevisionKind: Kind<Revision> = {
  group: "serving.knative.dev",
  version: "v1",
  kind: "Revision",
  plural: "revisions",
  singular: "revision",
  shortNames: ["rev"],
  categories: ["all", "knative", "serving"],
  namespaced: true,
  custom: true,
  statusSubresource: true,
  schema: resource<RevisionSpec, RevisionStatus>(
    revisionSpecSchema,
    object(
      {},
      {
        ...duckStatusFields,
        logUrl: string(),
        containerStatuses: digests,
        initContainerStatuses: digests,
        actualReplicas: integer({ format: "int32" }),
        desiredReplicas: integer({ format: "int32" }),
      },
    ),
  ),
  columns: [
    {
      name: "Config Name",
      type: "string",
      value: ".metadata.labels['serving\\.knative\\.dev/configuration']",
    },
    {
      name: "Generation",
      type: "string",
      value: ".metadata.labels['serving\\.knative\\.dev/configurationGeneration']",
    },
    { name: "Ready", type: "string", value: READY_STATUS },
    { name: "Reason", type: "string", value: READY_REASON },
    { name: "Actual Replicas", type: "integer", value: ".status.actualReplicas" },
    { name: "Desired Replicas", type: "integer", value: ".status.desiredReplicas" },
  ],
};
