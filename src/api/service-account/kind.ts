import { AGE_COLUMN } from "../age.ts";
import type { Kind } from "../kind.ts";
import { type ApiObject, objectMetaSchema, objectReferenceSchema } from "../object.ts";
import { localReferenceSchema } from "../pod-spec.ts";
import { array, boolean, object, type Schema, string } from "../schema.ts";

export interface ServiceAccount extends ApiObject {
  secrets?: { name?: string }[];
  imagePullSecrets?: { name?: string }[];
  automountServiceAccountToken?: boolean;
}

const schema: Schema<ServiceAccount> = object(
  { metadata: objectMetaSchema },
  {
    apiVersion: string(),
    kind: string(),
    secrets: array(objectReferenceSchema, { listType: "map", listKeys: ["name"] }),
    imagePullSecrets: array(localReferenceSchema, { listType: "atomic" }),
    automountServiceAccountToken: boolean(),
  },
);

export const ServiceAccountKind: Kind<ServiceAccount> = {
  group: "",
  version: "v1",
  kind: "ServiceAccount",
  plural: "serviceaccounts",
  singular: "serviceaccount",
  shortNames: ["sa"],
  categories: [],
  namespaced: true,
  custom: false,
  statusSubresource: false,
  schema,
  columns: [
    { name: "Secrets", type: "string", value: (one: ServiceAccount) => one.secrets?.length ?? 0 },
    AGE_COLUMN,
  ],
};
