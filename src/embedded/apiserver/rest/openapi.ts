import { type Description, type Descriptions, kindPath, NO_DESCRIPTIONS } from "../../../api/descriptions.ts";
import { apiVersionOf } from "../../../api/kind.ts";
import { objectMetaSchema } from "../../../api/object.ts";
import type { Schema } from "../../../api/schema.ts";
import type { Resource } from "../resources.ts";
import { describedSchema } from "./described-schema.ts";

/** OpenAPI from the one definition of each kind, so that kubectl can validate and explain (spec E-197). */

const META = "meta.v1.ObjectMeta";

/** Where a document keeps the types that its schemas refer to; `types` grows while schemas are written. */
interface Document {
  readonly prefix: string;
  readonly version: 2 | 3;
  readonly types: Map<string, object>;
  readonly said: Descriptions;
}

/** The document of one group and version. */
export function openApiDocument(
  resources: readonly Resource[],
  { version, said = NO_DESCRIPTIONS }: { readonly version: 2 | 3; readonly said?: Descriptions },
): Readonly<Record<string, unknown>> {
  const prefix = version === 3 ? "#/components/schemas/" : "#/definitions/";
  const document: Document = { prefix, version, types: new Map(), said };
  const paths: Record<string, object> = {};
  const metadata = describedSchema(objectMetaSchema, metadataOf(said), { ...said, isCustom: false });
  // The one type that every kind refers to.
  fieldOfType(metadata, document, META);
  for (const resource of resources) {
    document.types.set(componentName(resource), kindSchema(resource, document));
    paths[pathOf(resource)] = pathItem(resource, document);
  }
  const info = { title: "Kubernetes", version: "v1.34.4" };
  const schemas = Object.fromEntries([...document.types].sort(([a], [b]) => (a < b ? -1 : 1)));
  if (version === 3) return { openapi: "3.0.0", info, paths, components: { schemas } };
  return { swagger: "2.0", info, paths, definitions: schemas };
}

/** Kubernetes names its own kinds after Go packages, and those of definitions after their group. */
function componentName({ group, version, kind }: Resource): string {
  if (kind.custom) return `${group.split(".").reverse().join(".")}.${version}.${kind.kind}`;
  return fullName(`${group === "" ? "core" : (group.split(".")[0] ?? "")}.${version}.${kind.kind}`);
}

const PACKAGES: Readonly<Record<string, string>> = {
  meta: "io.k8s.apimachinery.pkg.apis.meta",
  resource: "io.k8s.apimachinery.pkg.api.resource",
  intstr: "io.k8s.apimachinery.pkg.util.intstr",
  apiextensions: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions",
};

function fullName(type: string): string {
  const dot = type.indexOf(".");
  const first = type.slice(0, dot);
  return `${PACKAGES[first] ?? `io.k8s.api.${first}`}${type.slice(dot)}`;
}

function pathOf(resource: Resource): string {
  const base = resource.group === "" ? `/api/${resource.version}` : `/apis/${apiVersionOf(resource)}`;
  return `${base}${resource.kind.namespaced ? "/namespaces/{namespace}" : ""}/${resource.plural}/{name}`;
}

/** kubectl looks for the fieldValidation parameter of PATCH to know that the server validates. */
function pathItem(resource: Resource, how: Document): object {
  const type = { group: resource.group, version: resource.version, kind: resource.kind.kind };
  const parameter = (name: string) =>
    how.version === 3
      ? { name, in: "query", schema: { type: "string", uniqueItems: true } }
      : { name, in: "query", type: "string", uniqueItems: true };
  const parameters = ["dryRun", "fieldManager", "fieldValidation"].map(parameter);
  const schema = { $ref: how.prefix + componentName(resource) };
  const response = how.version === 3 ? { content: { "application/json": { schema } } } : { schema };
  const operation = (action: string, more: object) => ({
    responses: { "200": { description: "OK", ...response } },
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": type,
    ...more,
  });
  return {
    get: operation("get", {}),
    put: operation("put", { parameters }),
    patch: operation("patch", { parameters }),
  };
}

function kindSchema(resource: Resource, document: Document): object {
  const { kind } = resource;
  const { said } = document;
  const schema = describedSchema(
    kind.custom ? kind.schema : withNames(resource),
    { type: said.kinds[kindPath(kind)] ?? "" },
    { ...said, isCustom: kind.custom },
  );
  const description = schema.description ?? schema.openApi?.typeDescription;
  const body = toOpenApi(schema, kind.custom ? undefined : document);
  const metadata = (kind.custom ? undefined : schema.fields?.metadata?.description) ?? metadataOf(said).text;
  const properties = {
    apiVersion: { type: "string" },
    kind: { type: "string" },
    ...(body as { properties?: object }).properties,
    metadata: {
      ...referenceAmongNotes({ $ref: document.prefix + fullName(META) }, document),
      ...(metadata && { description: metadata }),
      default: {},
    },
  };
  return {
    ...body,
    ...(description && { description }),
    type: "object",
    properties,
    "x-kubernetes-group-version-kind": [
      { group: resource.group, version: resource.version, kind: kind.kind },
    ],
  };
}

/** What is said of every object's metadata. */
function metadataOf({ kinds, types }: Descriptions): Description {
  return types[kinds["v1/Pod"] ?? ""]?.fields?.metadata ?? {};
}

/** The types of a kind's spec and status are named after the kind. */
function withNames({ group, version, kind }: Resource): Schema {
  const { fields = {} } = kind.schema;
  const of = `${group === "" ? "core" : group.split(".")[0]}.${version}.${kind.kind}`;
  const namedField = (field: "spec" | "status") => {
    const schema = fields[field];
    if (schema === undefined || schema.openApi?.type !== undefined) return {};
    const type = `${of}${field === "spec" ? "Spec" : "Status"}`;
    return { [field]: { ...schema, openApi: { ...schema.openApi, type } } };
  };
  return { ...kind.schema, fields: { ...fields, ...namedField("spec"), ...namedField("status") } };
}

/** A reference to a type, which is written once. */
function reference(document: Document, type: string, write: () => object): { readonly $ref: string } {
  const name = fullName(type);
  if (!document.types.has(name)) {
    // Named before it is written, for types that contain themselves.
    document.types.set(name, {});
    document.types.set(name, write());
  }
  return { $ref: document.prefix + name };
}

/** OpenAPI 3 lets nothing stand beside a reference, and the readers of version 2 know no allOf. */
function referenceAmongNotes(reference: { readonly $ref: string }, { version }: Document): object {
  return version === 2 ? reference : { allOf: [reference] };
}

/** What a field of a named type says of itself; the type says the rest. */
function fieldOfType(schema: Schema, document: Document, type: string): object {
  const { description, default: byDefault, openApi, ...ofType } = schema;
  const bare: Schema = {
    ...ofType,
    ...(openApi?.typeDescription && { description: openApi.typeDescription }),
    openApi: openApi?.required === undefined ? {} : { required: openApi.required },
  };
  const ref = reference(document, type, () => typeSchema(bare, document, type));
  if (description === undefined && byDefault === undefined) return ref;
  return {
    ...referenceAmongNotes(ref, document),
    ...(description === undefined ? {} : { description }),
    ...(byDefault === undefined ? {} : { default: byDefault }),
  };
}

function typeSchema(schema: Schema, document: Document, type: string): object {
  const { version } = document;
  const description = schema.description && { description: schema.description };
  switch (type) {
    case INT_OR_STRING:
      if (version === 2) return { ...description, type: "string", format: "int-or-string" };
      return { ...description, format: "int-or-string", oneOf: [{ type: "integer" }, { type: "string" }] };
    case QUANTITY:
      if (version === 2) return { ...description, type: "string" };
      return { ...description, oneOf: [{ type: "string" }, { type: "number" }] };
    case TIME:
    case MICRO_TIME:
      return { ...description, type: "string", format: "date-time" };
    default:
      return { ...toOpenApi(schema, document), type: "object" };
  }
}

const INT_OR_STRING = "intstr.IntOrString";
const QUANTITY = "resource.Quantity";
const TIME = "meta.v1.Time";
const MICRO_TIME = "meta.v1.MicroTime";

/** The name of a schema's type; undefined = it has none and is written where it stands. */
function typeName({ type, format, openApi }: Schema): string | undefined {
  if (openApi?.type !== undefined) return openApi.type;
  if (type === "intOrString") return format === "quantity" ? QUANTITY : INT_OR_STRING;
  if (format === "date-time") return TIME;
  return format === "micro-time" ? MICRO_TIME : undefined;
}

/** Times with microseconds are times to OpenAPI, and it knows no quantities. */
function formatOf(format: string | undefined): object {
  if (format === undefined || format === "quantity") return {};
  return { format: format === "micro-time" ? "date-time" : format };
}

/** One schema in OpenAPI's words: with references to its document's types, or else complete in itself. */
export function toOpenApi(schema: Schema, document?: Document): object {
  const inside = (field: Schema | undefined): object => {
    if (field === undefined) return {};
    const type = document && typeName(field);
    return document && type !== undefined ? fieldOfType(field, document, type) : toOpenApi(field, document);
  };
  const notes = notesOf(schema);
  switch (schema.type) {
    case "object": {
      const entries = Object.entries(schema.fields ?? {}).map(([name, field]) => [name, inside(field)]);
      const required = requiredOf(schema);
      return {
        type: "object",
        ...notes,
        properties: Object.fromEntries(entries),
        ...(required.length > 0 ? { required } : {}),
        ...(schema.preserveUnknown ? { "x-kubernetes-preserve-unknown-fields": true } : {}),
      };
    }
    case "array":
      return { type: "array", ...notes, items: inside(schema.items) };
    case "map":
      return { type: "object", ...notes, additionalProperties: inside(schema.items) };
    case "intOrString":
      return {
        ...notes,
        anyOf: [{ type: "integer" }, { type: "string" }],
        "x-kubernetes-int-or-string": true,
      };
    case "any":
      return { ...notes, "x-kubernetes-preserve-unknown-fields": true };
    default:
      return { type: schema.type, ...notes };
  }
}

function requiredOf({ required = [], openApi }: Schema): string[] {
  return [...new Set([...required, ...(openApi?.required ?? [])])].filter((name) => name !== "metadata");
}

function notesOf(schema: Schema): object {
  const values = schema.openApi?.enum ?? schema.enum;
  return {
    ...(schema.description === undefined ? {} : { description: schema.description }),
    ...formatOf(schema.format),
    ...(values === undefined ? {} : { enum: [...values].sort() }),
    ...(schema.minimum === undefined ? {} : { minimum: schema.minimum }),
    ...(schema.maximum === undefined ? {} : { maximum: schema.maximum }),
    ...(schema.pattern === undefined ? {} : { pattern: schema.pattern }),
    ...(schema.default === undefined ? {} : { default: schema.default }),
    ...(schema.nullable ? { nullable: true } : {}),
    ...(schema.listType === undefined ? {} : { "x-kubernetes-list-type": schema.listType }),
    ...(schema.listKeys === undefined ? {} : { "x-kubernetes-list-map-keys": schema.listKeys }),
    ...(schema.mapType === undefined ? {} : { "x-kubernetes-map-type": schema.mapType }),
    ...mergeNotes(schema),
  };
}

/** What kubectl's client-side strategic merge needs to know of lists. */
function mergeNotes(schema: Schema): object {
  if (schema.listType === "map" && schema.listKeys?.[0] !== undefined)
    return { "x-kubernetes-patch-merge-key": schema.listKeys[0], "x-kubernetes-patch-strategy": "merge" };
  return schema.listType === "set" ? { "x-kubernetes-patch-strategy": "merge" } : {};
}
