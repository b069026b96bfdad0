import type { Kind } from "../../../api/kind.ts";
import type { Schema } from "../../../api/schema.ts";
import { valueAt } from "../any-object.ts";
import type { Resource } from "../resources.ts";
import { EMPTY_SET, type FieldSet, fieldSetOf } from "./field-set.ts";
import { fieldElement } from "./path-element.ts";

/** What follows from a kind alone: asked for at every write, so made once. */
interface KindFields {
  readonly main: FieldSet;
  readonly status: FieldSet;
  readonly empty: Readonly<Record<string, unknown>>;
}

const FIELDS_OF = new WeakMap<Kind, KindFields>();

function fieldsOf(kind: Kind): KindFields {
  const known = FIELDS_OF.get(kind);
  if (known) return known;
  const fields = {
    main: resetOf(kind, ""),
    status: resetOf(kind, "status"),
    empty: kind.custom ? {} : emptyOf(kind.schema),
  };
  FIELDS_OF.set(kind, fields);
  return fields;
}

/** Fields that a way of writing leaves alone, so that nobody comes to own them by it (spec E-202, E-204). */
export function resetFields(kind: Kind, subresource: string): FieldSet {
  const { main, status } = fieldsOf(kind);
  return subresource === "status" ? status : main;
}

function resetOf(kind: Kind, subresource: "" | "status"): FieldSet {
  if (!kind.statusSubresource) return EMPTY_SET;
  if (subresource !== "status") return fieldSetOf(pathOf("status"));
  const others = Object.keys(kind.schema.fields ?? {}).filter((name) => !STATUS_KEEPS.includes(name));
  const metadata = kind.custom
    ? [pathOf("metadata")]
    : [pathOf("metadata", "deletionTimestamp"), pathOf("metadata", "ownerReferences")];
  return fieldSetOf(...others.map((name) => pathOf(name)), ...metadata);
}

const STATUS_KEEPS = ["status", "metadata", "apiVersion", "kind"];

function pathOf(...names: readonly string[]): string[] {
  return names.map(fieldElement);
}

/** What the server itself gives out at creation when the client left it open: nobody's, until somebody asks for it. */
const ALLOCATED: Readonly<Record<string, readonly (readonly string[])[]>> = {
  namespaces: [["spec"]],
  services: [
    ["spec", "clusterIP"],
    ["spec", "clusterIPs"],
    ["spec", "ipFamilies"],
    ["spec", "ipFamilyPolicy"],
  ],
  pods: [
    ["spec", "serviceAccountName"],
    ["spec", "serviceAccount"],
    ["spec", "tolerations"],
    ["spec", "priority"],
    ["spec", "preemptionPolicy"],
  ],
};

/** Of those, what `requested` does not name. */
export function allocatedFields({ collection }: Resource, requested: unknown): FieldSet {
  const open = (ALLOCATED[collection] ?? []).filter((path) => valueAt(requested, path) === undefined);
  return fieldSetOf(...open.map((path) => pathOf(...path)));
}

/** Metadata that says which object it is, and what the server counts: never owned. */
export const IDENTITY_FIELDS = fieldSetOf(
  pathOf("apiVersion"),
  pathOf("kind"),
  pathOf("metadata"),
  ...[
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "generation",
    "managedFields",
    "resourceVersion",
  ].map((name) => pathOf("metadata", name)),
);

/**
 * An object of the kind that nobody filled in. For a built-in kind Go writes the structs that it holds by value even
 * when they are empty, so they are there before anybody sets them. Shared by all callers: read only.
 */
export function emptyObject(kind: Kind): Readonly<Record<string, unknown>> {
  return fieldsOf(kind).empty;
}

/** Of a built-in object these are always structs held by value. */
const PARTS = ["metadata", "spec", "status"];

function emptyOf(schema: Schema): Record<string, unknown> {
  const present = Object.entries(schema.fields ?? {}).filter(
    ([name, field]) => field.alwaysWritten || PARTS.includes(name),
  );
  return Object.fromEntries(present.map(([name, field]) => [name, zeroOf(field)]));
}

function zeroOf(field: Schema): unknown {
  if (field.type === "object") return emptyOf(field);
  return field.type === "string" && field.nullable !== true ? "" : null;
}
