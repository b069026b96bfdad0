/** Webhooks that users register (admissionregistration.k8s.io/v1), asked about pods and Knative's kinds: spec E-211. */
import { AGE_COLUMN } from "../age.ts";
import type { Kind } from "../kind.ts";
import { type LabelSelector, labelSelectorSchema } from "../label-selector.ts";
import { type ApiObject, objectMetaSchema } from "../object.ts";
import { array, choice, integer, named, object, type Schema, string } from "../schema.ts";

export interface WebhookRule {
  operations?: string[];
  apiGroups?: string[];
  apiVersions?: string[];
  resources?: string[];
  scope?: string;
}

export interface WebhookClientConfig {
  url?: string;
  service?: { namespace: string; name: string; path?: string; port?: number };
  /** PEM in base64. */
  caBundle?: string;
}

export interface Webhook {
  name: string;
  clientConfig: WebhookClientConfig;
  rules?: WebhookRule[];
  failurePolicy?: string;
  matchPolicy?: string;
  namespaceSelector?: LabelSelector;
  objectSelector?: LabelSelector;
  sideEffects?: string;
  timeoutSeconds?: number;
  admissionReviewVersions?: string[];
  reinvocationPolicy?: string;
  matchConditions?: { name: string; expression: string }[];
}

export interface WebhookConfiguration extends ApiObject {
  webhooks?: Webhook[];
}

const strings = array(string(), { listType: "atomic" });
const int32 = integer({ format: "int32" });

const MATCH = "admissionregistration.v1.MatchCondition";

const webhookFields = {
  name: string(),
  clientConfig: object(
    {},
    {
      url: string(),
      service: object(
        {},
        { namespace: string(), name: string(), path: string(), port: int32 },
        { openApi: { type: "admissionregistration.v1.ServiceReference", required: ["namespace", "name"] } },
      ),
      caBundle: string({ format: "byte" }),
    },
    { openApi: { type: "admissionregistration.v1.WebhookClientConfig" } },
  ),
  rules: array(
    object(
      {},
      {
        operations: strings,
        apiGroups: strings,
        apiVersions: strings,
        resources: strings,
        scope: choice(["*", "Cluster", "Namespaced"]),
      },
      { openApi: { type: "admissionregistration.v1.RuleWithOperations" } },
    ),
    { listType: "atomic" },
  ),
  failurePolicy: choice(["Fail", "Ignore"]),
  matchPolicy: choice(["Equivalent", "Exact"]),
  namespaceSelector: labelSelectorSchema,
  objectSelector: labelSelectorSchema,
  sideEffects: choice(["None", "NoneOnDryRun", "Some", "Unknown"]),
  timeoutSeconds: int32,
  admissionReviewVersions: strings,
  matchConditions: array(
    named(MATCH, object({}, { name: string(), expression: string() }), ["name", "expression"]),
    { listType: "map", listKeys: ["name"] },
  ),
};

const mutatingFields = { ...webhookFields, reinvocationPolicy: choice(["IfNeeded", "Never"]) };

const REQUIRED = ["name", "clientConfig", "sideEffects", "admissionReviewVersions"];

function schemaOf(type: "Mutating" | "Validating"): Schema<WebhookConfiguration> {
  const webhook = object({}, type === "Mutating" ? mutatingFields : webhookFields);
  const items = named(`admissionregistration.v1.${type}Webhook`, webhook, REQUIRED);
  return object(
    { metadata: objectMetaSchema },
    {
      apiVersion: string(),
      kind: string(),
      webhooks: array(items, { listType: "map", listKeys: ["name"] }),
    },
  ) as Schema as Schema<WebhookConfiguration>;
}

function configurationKind(type: "Mutating" | "Validating"): Kind<WebhookConfiguration> {
  const kind = `${type}WebhookConfiguration`;
  return {
    group: "admissionregistration.k8s.io",
    version: "v1",
    kind,
    plural: `${kind.toLowerCase()}s`,
    singular: kind.toLowerCase(),
    shortNames: [],
    categories: ["api-extensions"],
    namespaced: false,
    custom: false,
    statusSubresource: false,
    schema: schemaOf(type),
    columns: [
      {
        name: "Webhooks",
        type: "integer",
        description: "Webhooks indicates the number of webhooks defined in this configuration",
        value: ({ webhooks }: WebhookConfiguration) => webhooks?.length ?? 0,
      },
      AGE_COLUMN,
    ],
  };
}

export const MutatingWebhookConfigurationKind = configurationKind("Mutating");
export const ValidatingWebhookConfigurationKind = configurationKind("Validating");
