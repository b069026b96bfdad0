/**
 * What a pod may ask of the node that takes it. One machine has no choice to make, so this is stored and shown; the
 * shapes are complete for `kubectl explain` and for the refusal of misspelt fields.
 */
import { labelSelectorSchema } from "./label-selector.ts";
import { array, boolean, choice, integer, object, type Schema, string } from "./schema.ts";

const int32 = integer({ format: "int32" });
const strings = array(string(), { listType: "atomic" });
const openApi = (type: string) => ({ openApi: { type: `core.v1.${type}` } });
const listOf = <S extends Schema>(items: S) => array(items, { listType: "atomic" });

const requirementSchema = object(
  {
    key: string(),
    operator: choice(["DoesNotExist", "Exists", "Gt", "In", "Lt", "NotIn"]),
  },
  { values: strings },
  openApi("NodeSelectorRequirement"),
);

const termSchema = object(
  {},
  {
    matchExpressions: listOf(requirementSchema),
    matchFields: listOf(requirementSchema),
  },
  { mapType: "atomic", ...openApi("NodeSelectorTerm") },
);

const nodeSelectorSchema = object(
  { nodeSelectorTerms: listOf(termSchema) },
  {},
  { mapType: "atomic", ...openApi("NodeSelector") },
);

const nodeAffinitySchema = object(
  {},
  {
    preferredDuringSchedulingIgnoredDuringExecution: listOf(
      object({ preference: termSchema, weight: int32 }, {}, openApi("PreferredSchedulingTerm")),
    ),
    requiredDuringSchedulingIgnoredDuringExecution: nodeSelectorSchema,
  },
  openApi("NodeAffinity"),
);

const podTermSchema = object(
  { topologyKey: string() },
  {
    labelSelector: labelSelectorSchema,
    matchLabelKeys: strings,
    mismatchLabelKeys: strings,
    namespaceSelector: labelSelectorSchema,
    namespaces: strings,
  },
  openApi("PodAffinityTerm"),
);

const podAffinitySchema = (type: string) =>
  object(
    {},
    {
      preferredDuringSchedulingIgnoredDuringExecution: listOf(
        object({ podAffinityTerm: podTermSchema, weight: int32 }, {}, openApi("WeightedPodAffinityTerm")),
      ),
      requiredDuringSchedulingIgnoredDuringExecution: listOf(podTermSchema),
    },
    openApi(type),
  );

export const affinitySchema = object(
  {},
  {
    nodeAffinity: nodeAffinitySchema,
    podAffinity: podAffinitySchema("PodAffinity"),
    podAntiAffinity: podAffinitySchema("PodAntiAffinity"),
  },
  openApi("Affinity"),
);

export const tolerationSchema = object(
  {},
  {
    effect: choice(["NoExecute", "NoSchedule", "PreferNoSchedule"]),
    key: string(),
    operator: choice(["Equal", "Exists"]),
    tolerationSeconds: integer({ format: "int64" }),
    value: string(),
  },
  openApi("Toleration"),
);

const nodePolicy = choice(["Honor", "Ignore"]);

export const topologySpreadSchema = object(
  {
    maxSkew: integer({ format: "int32" }),
    topologyKey: string(),
    whenUnsatisfiable: choice(["DoNotSchedule", "ScheduleAnyway"]),
  },
  {
    labelSelector: labelSelectorSchema,
    matchLabelKeys: strings,
    minDomains: int32,
    nodeAffinityPolicy: nodePolicy,
    nodeTaintsPolicy: nodePolicy,
  },
  openApi("TopologySpreadConstraint"),
);

export const readinessGateSchema = object({ conditionType: string() }, {}, openApi("PodReadinessGate"));

export const schedulingGateSchema = object({ name: string() }, {}, openApi("PodSchedulingGate"));
export const podOsSchema = object({ name: string() }, {}, openApi("PodOS"));

export const podResourceClaimSchema = object(
  { name: string() },
  { resourceClaimName: string(), resourceClaimTemplateName: string() },
  openApi("PodResourceClaim"),
);

export const hostAliasSchema = object(
  { ip: string() },
  { hostnames: array(string(), { listType: "atomic" }) },
  openApi("HostAlias"),
);

export const dnsConfigSchema = object(
  {},
  {
    nameservers: strings,
    options: listOf(object({}, { name: string(), value: string() }, openApi("PodDNSConfigOption"))),
    searches: strings,
  },
  openApi("PodDNSConfig"),
);

/** What became of the claims of a pod, in its status. */
export const claimStatusSchema = object(
  { name: string() },
  { resourceClaimName: string() },
  openApi("PodResourceClaimStatus"),
);

export const extendedClaimStatusSchema = object(
  {
    requestMappings: listOf(
      object(
        { containerName: string(), requestName: string(), resourceName: string() },
        {},
        openApi("ContainerExtendedResourceRequest"),
      ),
    ),
    resourceClaimName: string(),
  },
  {},
  openApi("PodExtendedResourceClaimStatus"),
);

/** A container's status of devices and of the user that it runs as. */
export const allocatedStatusSchema = object(
  { name: string() },
  {
    resources: array(object({ resourceID: string() }, { health: string() }, openApi("ResourceHealth")), {
      listType: "map",
      listKeys: ["resourceID"],
    }),
  },
  openApi("ResourceStatus"),
);

export const containerUserSchema = object(
  {},
  {
    linux: object(
      { gid: integer({ format: "int64" }), uid: integer({ format: "int64" }) },
      { supplementalGroups: array(integer({ format: "int64" }), { listType: "atomic" }) },
      openApi("LinuxContainerUser"),
    ),
  },
  openApi("ContainerUser"),
);

export const mountStatusSchema = object(
  { mountPath: string(), name: string() },
  { readOnly: boolean(), recursiveReadOnly: string() },
  openApi("VolumeMountStatus"),
);
