import { CREATED_AT_COLUMN } from "../age.ts";
import type { Kind } from "../kind.ts";
import { type Condition, plainConditionSchema } from "../object.ts";
import { type Resource, resource } from "../resource.ts";
import { any, array, boolean, integer, named, object, type Schema, string } from "../schema.ts";

export interface DefinitionNames {
  plural?: string;
  singular?: string;
  shortNames?: string[];
  kind?: string;
  listKind?: string;
  categories?: string[];
}

export interface PrinterColumn {
  name: string;
  type: string;
  description?: string;
  priority?: number;
  jsonPath: string;
}

export interface DefinitionVersion {
  name: string;
  served: boolean;
  storage: boolean;
  schema?: { openAPIV3Schema?: unknown };
  subresources?: { status?: object; scale?: object };
  additionalPrinterColumns?: PrinterColumn[];
}

export interface CustomResourceDefinitionSpec {
  group?: string;
  names?: DefinitionNames;
  scope?: string;
  versions?: DefinitionVersion[] | null;
  conversion?: { strategy?: string; webhook?: unknown };
  preserveUnknownFields?: boolean;
}

export interface CustomResourceDefinitionStatus {
  conditions?: Condition[];
  acceptedNames?: DefinitionNames;
  storedVersions?: string[] | null;
}

/** Read-only: it tells of the kinds that are served as custom ones (spec E-194, E-216). */
export type CustomResourceDefinition = Resource<CustomResourceDefinitionSpec, CustomResourceDefinitionStatus>;

const strings = array(string(), { listType: "atomic" });
const type = <S extends Schema>(name: string, schema: S, required?: readonly string[]) =>
  named(`apiextensions.v1.${name}`, schema, required);

const int32 = integer({ format: "int32" });

const namesSchema = type(
  "CustomResourceDefinitionNames",
  object(
    {},
    {
      plural: string(),
      singular: string(),
      shortNames: strings,
      kind: string(),
      listKind: string(),
      categories: strings,
    },
  ),
  ["kind", "plural"],
);

const columnSchema = type(
  "CustomResourceColumnDefinition",
  object(
    {},
    {
      name: string(),
      type: string(),
      format: string(),
      description: string(),
      priority: int32,
      jsonPath: string(),
    },
  ),
  ["jsonPath", "name", "type"],
);

const scaleSchema = type(
  "CustomResourceSubresourceScale",
  object({}, { specReplicasPath: string(), statusReplicasPath: string(), labelSelectorPath: string() }),
  ["specReplicasPath", "statusReplicasPath"],
);

const versionSchema = type(
  "CustomResourceDefinitionVersion",
  object(
    {},
    {
      name: string(),
      served: boolean(),
      storage: boolean(),
      deprecated: boolean(),
      deprecationWarning: string(),
      schema: type("CustomResourceValidation", object({}, { openAPIV3Schema: any() })),
      subresources: type("CustomResourceSubresources", object({}, { scale: scaleSchema, status: any() })),
      additionalPrinterColumns: array(columnSchema, { listType: "atomic" }),
      selectableFields: array(type("SelectableField", object({ jsonPath: string() }, {})), {
        listType: "atomic",
      }),
    },
  ),
  ["name", "served", "storage"],
);

const serviceSchema = type(
  "ServiceReference",
  object({ name: string(), namespace: string() }, { path: string(), port: int32 }),
);

const webhookSchema = type(
  "WebhookConversion",
  object(
    { conversionReviewVersions: strings },
    {
      clientConfig: type(
        "WebhookClientConfig",
        object({}, { caBundle: string({ format: "byte" }), service: serviceSchema, url: string() }),
      ),
    },
  ),
);

const specSchema = object(
  {},
  {
    group: string(),
    names: namesSchema,
    scope: string(),
    versions: array(versionSchema, { listType: "atomic" }),
    conversion: type("CustomResourceConversion", object({ strategy: string() }, { webhook: webhookSchema })),
    preserveUnknownFields: boolean(),
  },
  { openApi: { required: ["group", "names", "scope", "versions"] } },
) as Schema as Schema<CustomResourceDefinitionSpec>;

const statusSchema = object(
  {},
  {
    conditions: array(type("CustomResourceDefinitionCondition", plainConditionSchema, ["status", "type"]), {
      listType: "map",
      listKeys: ["type"],
    }),
    acceptedNames: namesSchema,
    storedVersions: strings,
    observedGeneration: integer({ format: "int64" }),
  },
) as Schema as Schema<CustomResourceDefinitionStatus>;

export const CustomResourceDefinitionKind: Kind<CustomResourceDefinition> = {
  group: "apiextensions.k8s.io",
  version: "v1",
  kind: "CustomResourceDefinition",
  plural: "customresourcedefinitions",
  singular: "customresourcedefinition",
  shortNames: ["crd", "crds"],
  categories: ["api-extensions"],
  namespaced: false,
  custom: false,
  statusSubresource: true,
  schema: resource(specSchema, statusSchema),
  columns: [CREATED_AT_COLUMN],
};
