import { AGE_COLUMN } from "../age.ts";
import type { Kind } from "../kind.ts";
import { type ApiObject, objectMetaSchema } from "../object.ts";
import { boolean, map, object, type Schema, string } from "../schema.ts";

export interface ConfigMap extends ApiObject {
  data?: Record<string, string>;
  /** Values in base64. */
  binaryData?: Record<string, string>;
  immutable?: boolean;
}

const schema: Schema<ConfigMap> = object(
  { metadata: objectMetaSchema },
  {
    apiVersion: string(),
    kind: string(),
    data: map(string()),
    binaryData: map(string({ format: "byte" })),
    immutable: boolean(),
  },
);

export const ConfigMapKind: Kind<ConfigMap> = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  singular: "configmap",
  shortNames: ["cm"],
  categories: [],
  namespaced: true,
  custom: false,
  statusSubresource: false,
  schema,
  columns: [
    {
      name: "Data",
      type: "string",
      value: (one: ConfigMap) =>
        Object.keys(one.data ?? {}).length + Object.keys(one.binaryData ?? {}).length,
    },
    AGE_COLUMN,
  ],
};
