import { AGE_COLUMN } from "../age.ts";
import { quantityMapSchema, type ResourceList } from "../container.ts";
import type { Kind } from "../kind.ts";
import { type Condition, plainConditionSchema } from "../object.ts";
import { type Resource, resource } from "../resource.ts";
import { array, choice, map, object, type Schema, string } from "../schema.ts";
import { claimSpecSchema, type PersistentVolumeClaimSpec } from "./spec.ts";

export interface PersistentVolumeClaimStatus {
  phase?: string;
  accessModes?: string[];
  capacity?: ResourceList;
  conditions?: Condition[];
}

/** Stored, so that manifests apply (spec E-188); no volume is ever bound to it. */
export type PersistentVolumeClaim = Resource<PersistentVolumeClaimSpec, PersistentVolumeClaimStatus>;

const strings = array(string(), { listType: "atomic" });

const claimConditionSchema = object(
  { type: string(), status: string() },
  { ...plainConditionSchema.fields, lastProbeTime: string({ format: "date-time" }) },
  { openApi: { type: "core.v1.PersistentVolumeClaimCondition" } },
);

const statusSchema = object(
  {},
  {
    phase: choice(["Bound", "Lost", "Pending"]),
    accessModes: strings,
    capacity: quantityMapSchema,
    allocatedResources: quantityMapSchema,
    allocatedResourceStatuses: map(string()),
    currentVolumeAttributesClassName: string(),
    modifyVolumeStatus: object(
      { status: string() },
      { targetVolumeAttributesClassName: string() },
      { openApi: { type: "core.v1.ModifyVolumeStatus" } },
    ),
    conditions: array(claimConditionSchema, {
      listType: "map",
      listKeys: ["type"],
    }),
  },
) as Schema as Schema<PersistentVolumeClaimStatus>;

const SHORT_MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: "RWO",
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOncePod: "RWOP",
};

/** What is bound is shown, not what was asked for. */
function modesText({ spec, status }: PersistentVolumeClaim): string {
  if (!spec.volumeName) return "";
  return (status?.accessModes ?? []).map((mode) => SHORT_MODES[mode] ?? mode).join(",");
}

export const PersistentVolumeClaimKind: Kind<PersistentVolumeClaim> = {
  group: "",
  version: "v1",
  kind: "PersistentVolumeClaim",
  plural: "persistentvolumeclaims",
  singular: "persistentvolumeclaim",
  shortNames: ["pvc"],
  categories: [],
  namespaced: true,
  custom: false,
  statusSubresource: true,
  schema: resource(claimSpecSchema, statusSchema),
  columns: [
    {
      name: "Status",
      type: "string",
      description: "phase represents the current phase of PersistentVolumeClaim.",
      value: ({ status }: PersistentVolumeClaim) => status?.phase ?? "",
    },
    {
      name: "Volume",
      type: "string",
      description: "volumeName is the binding reference to the PersistentVolume backing this claim.",
      value: ({ spec }: PersistentVolumeClaim) => spec.volumeName ?? "",
    },
    {
      name: "Capacity",
      type: "string",
      description: "capacity represents the actual resources of the underlying volume.",
      value: ({ spec, status }: PersistentVolumeClaim) =>
        spec.volumeName ? String(status?.capacity?.storage ?? "") : "",
    },
    {
      name: "Access Modes",
      type: "string",
      description: "accessModes contains the actual access modes the volume backing the PVC has.",
      value: modesText,
    },
    {
      name: "StorageClass",
      type: "string",
      description: "StorageClass of the pvc",
      value: ({ spec }: PersistentVolumeClaim) => spec.storageClassName ?? "",
    },
    AGE_COLUMN,
    {
      name: "VolumeMode",
      type: "string",
      priority: 1,
      description: "volumeMode defines what type of volume is required by the claim.",
      value: ({ spec }: PersistentVolumeClaim) => spec.volumeMode ?? "<unset>",
    },
  ],
};
