import {
  any,
  array,
  boolean,
  integer,
  map,
  named,
  object,
  type Schema,
  string,
  type TypeOf,
} from "./schema.ts";

/** What every object of the API has: type, metadata, conditions. */

const ownerReferenceSchema = object(
  { apiVersion: string(), kind: string(), name: string(), uid: string() },
  { controller: boolean(), blockOwnerDeletion: boolean() },
  { mapType: "atomic", openApi: { type: "meta.v1.OwnerReference" } },
);
export type OwnerReference = TypeOf<typeof ownerReferenceSchema>;

/** Which fields a manager owns; what they are is read by server-side apply alone. */
const managedFieldsSchema = object(
  {},
  {
    manager: string(),
    operation: string(),
    apiVersion: string(),
    time: string({ format: "date-time" }),
    fieldsType: string(),
    fieldsV1: named("meta.v1.FieldsV1", any()),
    subresource: string(),
  },
  { openApi: { type: "meta.v1.ManagedFieldsEntry" } },
);

export const objectMetaSchema = object(
  {},
  {
    name: string(),
    generateName: string(),
    namespace: string(),
    uid: string(),
    resourceVersion: string(),
    generation: integer({ format: "int64" }),
    creationTimestamp: string({ format: "date-time", nullable: true }),
    deletionTimestamp: string({ format: "date-time" }),
    deletionGracePeriodSeconds: integer({ format: "int64" }),
    labels: map(string()),
    annotations: map(string()),
    ownerReferences: array(ownerReferenceSchema, { listType: "map", listKeys: ["uid"] }),
    finalizers: array(string(), { listType: "set" }),
    managedFields: array(managedFieldsSchema as Schema, { listType: "atomic" }),
    selfLink: string(),
  },
  { openApi: { type: "meta.v1.ObjectMeta" } },
);
export type ObjectMeta = TypeOf<typeof objectMetaSchema>;

/** An object as a client may send it. */
export interface ApiObject {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
}

/** Metadata that every stored object has. */
export type StoredMeta = ObjectMeta & {
  name: string;
  uid: string;
  resourceVersion: string;
  creationTimestamp: string;
};

/** The object as the API server hands it out. */
export type Stored<T extends ApiObject> = T & { metadata: StoredMeta };

export const conditionSchema = object(
  { type: string(), status: string<"True" | "False" | "Unknown">() },
  {
    severity: string(),
    lastTransitionTime: string({ format: "date-time" }),
    reason: string(),
    message: string(),
  },
);
export type Condition = TypeOf<typeof conditionSchema>;

/** A condition as older kinds of Kubernetes have it, each in a type of its own. */
export const plainConditionSchema = object(
  { type: string(), status: string() },
  { lastTransitionTime: string({ format: "date-time" }), reason: string(), message: string() },
);

/** A condition as newer kinds of Kubernetes have it. */
export const metaConditionSchema = object(
  { type: string(), status: string() },
  {
    observedGeneration: integer({ format: "int64" }),
    lastTransitionTime: string({ format: "date-time" }),
    reason: string(),
    message: string(),
  },
  { openApi: { type: "meta.v1.Condition", required: ["lastTransitionTime", "reason", "message"] } },
);

/** Names an object of any kind, or a part of it; its fields as Go has them. */
export const objectReferenceSchema = object(
  {},
  {
    kind: string(),
    namespace: string(),
    name: string(),
    uid: string(),
    apiVersion: string(),
    resourceVersion: string(),
    fieldPath: string(),
  },
  { mapType: "atomic", openApi: { type: "core.v1.ObjectReference" } },
);

/** Names one object of a kind; `namespace` is "" for cluster-scoped ones. */
export interface ObjectKey {
  readonly namespace: string;
  readonly name: string;
}

export function keyOf(object: ApiObject): ObjectKey {
  return { namespace: object.metadata.namespace ?? "", name: object.metadata.name ?? "" };
}

/** `namespace/name`, for maps, logs and messages. */
export function keyText(key: ObjectKey): string {
  return `${key.namespace}/${key.name}`;
}

/** The key that `keyText` wrote. */
export function keyOfText(text: string): ObjectKey {
  const slash = text.indexOf("/");
  return { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}
