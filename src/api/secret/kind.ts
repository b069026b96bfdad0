import { AGE_COLUMN } from "../age.ts";
import type { Kind } from "../kind.ts";
import { type ApiObject, objectMetaSchema } from "../object.ts";
import { boolean, map, object, type Schema, string } from "../schema.ts";

export interface Secret extends ApiObject {
  /** Values in base64. */
  data?: Record<string, string>;
  /** Plain values, written only: the server turns them into data. */
  stringData?: Record<string, string>;
  type?: string;
  immutable?: boolean;
}

const schema: Schema<Secret> = object(
  { metadata: objectMetaSchema },
  {
    apiVersion: string(),
    kind: string(),
    data: map(string({ format: "byte" })),
    stringData: map(string()),
    type: string(),
    immutable: boolean(),
  },
);

/** Descriptions of columns are part of what a Table shows (spec E-206). */
const TYPE =
  "Used to facilitate programmatic handling of secret data. More info: " +
  "https://kubernetes.io/docs/concepts/configuration/secret/#secret-types";
const DATA =
  "Data contains the secret data. Each key must consist of alphanumeric characters, '-', '_' or '.'. The serialized " +
  "form of the secret data is a base64 encoded string, representing the arbitrary (possibly non-string) data value " +
  "here. Described in https://tools.ietf.org/html/rfc4648#section-4";

export const SecretKind: Kind<Secret> = {
  group: "",
  version: "v1",
  kind: "Secret",
  plural: "secrets",
  singular: "secret",
  shortNames: [],
  categories: [],
  namespaced: true,
  custom: false,
  statusSubresource: false,
  schema,
  columns: [
    { name: "Type", type: "string", description: TYPE, value: (one: Secret) => one.type ?? "" },
    {
      name: "Data",
      type: "string",
      description: DATA,
      value: (one: Secret) => Object.keys(one.data ?? {}).length,
    },
    AGE_COLUMN,
  ],
};
