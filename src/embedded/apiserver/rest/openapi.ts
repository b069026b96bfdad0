import type { Schema } from "../../../api/schema.ts";
import { apiVersionOfResource, type Resource } from "../resources.ts";

/** OpenAPI from the one definition of each kind, so that kubectl can validate and explain (spec E-197). */

const META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/** The document of one group and version; `prefix` is where components are referred to. */
export function openApiDocument(
  resources: readonly Resource[],
  version: 2 | 3,
): Readonly<Record<string, unknown>> {
  const prefix = version === 3 ? "#/components/schemas/" : "#/definitions/";
  const schemas: Record<string, object> = { [META]: metaSchema(resources) };
  const paths: Record<string, object> = {};
  for (const resource of resources) {
    schemas[componentName(resource)] = kindSchema(resource, prefix);
    paths[pathOf(resource)] = pathItem(resource, { prefix, version });
  }
  const info = { title: "Kubernetes", version: "v1.34.4" };
  if (version === 3) return { openapi: "3.0.0", info, paths, components: { schemas } };
  return { swagger: "2.0", info, paths, definitions: schemas };
}

function componentName(resource: Resource): string {
  const group = resource.group === "" ? "core" : resource.group;
  if (resource.group === "" || !resource.group.includes("."))
    return `io.k8s.api.${group}.${resource.version}.${resource.kind.kind}`;
  return `${group.split(".").reverse().join(".")}.${resource.version}.${resource.kind.kind}`;
}

function pathOf(resource: Resource): string {
  const base = resource.group === "" ? `/api/${resource.version}` : `/apis/${apiVersionOfResource(resource)}`;
  return `${base}${resource.kind.namespaced ? "/namespaces/{namespace}" : ""}/${resource.plural}/{name}`;
}

/** kubectl looks for the fieldValidation parameter of PATCH to know that the server validates. */
function pathItem(resource: Resource, how: { readonly prefix: string; readonly version: 2 | 3 }): object {
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

function kindSchema(resource: Resource, prefix: string): object {
  const { schema } = resource.kind;
  const body = toOpenApi(schema);
  const properties = {
    apiVersion: { type: "string", description: "Version of the schema of this object." },
    kind: { type: "string", description: "Kind of the object." },
    ...(body as { properties?: object }).properties,
    metadata: { allOf: [{ $ref: prefix + META }], description: "Standard object's metadata.", default: {} },
  };
  return {
    ...body,
    type: "object",
    properties,
    "x-kubernetes-group-version-kind": [
      { group: resource.group, version: resource.version, kind: resource.kind.kind },
    ],
  };
}

function metaSchema(resources: readonly Resource[]): object {
  const schema = resources.map((resource) => resource.kind.schema.fields?.metadata).find(Boolean);
  return schema ? toOpenApi(schema) : { type: "object" };
}

/** Times with microseconds are times to OpenAPI, and it knows no quantities. */
function formatOf(format: string | undefined): object {
  if (format === undefined || format === "quantity") return {};
  return { format: format === "micro-time" ? "date-time" : format };
}

/** One schema in OpenAPI's words. */
export function toOpenApi(schema: Schema): object {
  const notes = {
    ...(schema.description === undefined ? {} : { description: schema.description }),
    ...formatOf(schema.format),
    ...(schema.enum === undefined ? {} : { enum: schema.enum }),
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
  switch (schema.type) {
    case "object": {
      const entries = Object.entries(schema.fields ?? {}).map(([name, field]) => [name, toOpenApi(field)]);
      const required = schema.required?.filter((name) => name !== "metadata") ?? [];
      return {
        type: "object",
        ...notes,
        properties: Object.fromEntries(entries),
        ...(required.length > 0 ? { required } : {}),
        ...(schema.preserveUnknown ? { "x-kubernetes-preserve-unknown-fields": true } : {}),
      };
    }
    case "array":
      return { type: "array", ...notes, items: schema.items ? toOpenApi(schema.items) : {} };
    case "map":
      return { type: "object", ...notes, additionalProperties: schema.items ? toOpenApi(schema.items) : {} };
    case "intOrString":
      return { ...notes, format: "int-or-string", oneOf: [{ type: "integer" }, { type: "string" }] };
    case "any":
      return { ...notes, "x-kubernetes-preserve-unknown-fields": true };
    default:
      return { type: schema.type, ...notes };
  }
}

/** What kubectl's client-side strategic merge needs to know of lists. */
function mergeNotes(schema: Schema): object {
  if (schema.listType === "map" && schema.listKeys?.[0] !== undefined)
    return { "x-kubernetes-patch-merge-key": schema.listKeys[0], "x-kubernetes-patch-strategy": "merge" };
  return schema.listType === "set" ? { "x-kubernetes-patch-strategy": "merge" } : {};
}
