/** What a claim on storage asks for; also the template of a claim that a pod brings along. */
import { quantityMapSchema, type ResourceList } from "../container.ts";
import { type LabelSelector, labelSelectorSchema } from "../label-selector.ts";
import { objectMetaSchema } from "../object.ts";
import { array, choice, object, type Schema, string } from "../schema.ts";

export interface PersistentVolumeClaimSpec {
  accessModes?: string[];
  selector?: LabelSelector;
  resources?: { limits?: ResourceList; requests?: ResourceList };
  volumeName?: string;
  storageClassName?: string;
  volumeMode?: string;
  dataSource?: unknown;
  dataSourceRef?: unknown;
  volumeAttributesClassName?: string;
}

const strings = array(string(), { listType: "atomic" });

export const claimSpecSchema: Schema<PersistentVolumeClaimSpec> = object(
  {},
  {
    accessModes: strings,
    selector: labelSelectorSchema,
    resources: object(
      {},
      { limits: quantityMapSchema, requests: quantityMapSchema },
      { openApi: { type: "core.v1.VolumeResourceRequirements" } },
    ),
    volumeName: string(),
    storageClassName: string(),
    volumeMode: choice(["Block", "Filesystem"]),
    dataSource: object(
      { kind: string(), name: string() },
      { apiGroup: string() },
      { mapType: "atomic", openApi: { type: "core.v1.TypedLocalObjectReference" } },
    ),
    dataSourceRef: object(
      { kind: string(), name: string() },
      { apiGroup: string(), namespace: string() },
      { openApi: { type: "core.v1.TypedObjectReference" } },
    ),
    volumeAttributesClassName: string(),
  },
  { openApi: { type: "core.v1.PersistentVolumeClaimSpec" } },
);

export const claimTemplateSchema = object(
  { spec: claimSpecSchema },
  { metadata: objectMetaSchema },
  { openApi: { type: "core.v1.PersistentVolumeClaimTemplate" } },
);
