/**
 * What a pod may ask of the node that takes it. One machine has no choice to make, so this is stored and shown; the
 * shapes are complete for `kubectl explain` and for the refusal of misspelt fields.
 */
import { labelSelectorSchema } from "./label-selector.ts";
import { array, boolean, choice, integer, object, type Schema, string } from "./schema.ts";

const int32 = integer({ format: "int32" });
const strings = array(string(), { listType: "atomic" });
const openApi = (type: string) => ({ openApi: { type: `core.v1.${type}` } });
const listOf = <S extends Schema>(items: S, description: string) =>
  array(items, { listType: "atomic", description });

const requirementSchema = object(
  {
    key: string({ description: "Label or field that is looked at." }),
    operator: choice(["DoesNotExist", "Exists", "Gt", "In", "Lt", "NotIn"]),
  },
  { values: strings },
  openApi("NodeSelectorRequirement"),
);

const termSchema = object(
  {},
  {
    matchExpressions: listOf(requirementSchema, "Demands on the node's labels."),
    matchFields: listOf(requirementSchema, "Demands on the node's fields."),
  },
  { mapType: "atomic", ...openApi("NodeSelectorTerm") },
);

const nodeSelectorSchema = object(
  { nodeSelectorTerms: listOf(termSchema, "One of these has to fit.") },
  {},
  { mapType: "atomic", ...openApi("NodeSelector") },
);

const nodeAffinitySchema = object(
  {},
  {
    preferredDuringSchedulingIgnoredDuringExecution: listOf(
      object({ preference: termSchema, weight: int32 }, {}, openApi("PreferredSchedulingTerm")),
      "Wishes, with a weight from 1 to 100.",
    ),
    requiredDuringSchedulingIgnoredDuringExecution: nodeSelectorSchema,
  },
  { description: "Which nodes are wanted, by their labels.", ...openApi("NodeAffinity") },
);

const podTermSchema = object(
  { topologyKey: string({ description: "Node label whose equal values count as one place." }) },
  {
    labelSelector: labelSelectorSchema,
    matchLabelKeys: strings,
    mismatchLabelKeys: strings,
    namespaceSelector: labelSelectorSchema,
    namespaces: strings,
  },
  openApi("PodAffinityTerm"),
);

const podAffinitySchema = (type: string, description: string) =>
  object(
    {},
    {
      preferredDuringSchedulingIgnoredDuringExecution: listOf(
        object({ podAffinityTerm: podTermSchema, weight: int32 }, {}, openApi("WeightedPodAffinityTerm")),
        "Wishes, with a weight from 1 to 100.",
      ),
      requiredDuringSchedulingIgnoredDuringExecution: listOf(podTermSchema, "All of these have to hold."),
    },
    { description, ...openApi(type) },
  );

export const affinitySchema = object(
  {},
  {
    nodeAffinity: nodeAffinitySchema,
    podAffinity: podAffinitySchema("PodAffinity", "Pods to be near to."),
    podAntiAffinity: podAffinitySchema("PodAntiAffinity", "Pods to stay away from."),
  },
  openApi("Affinity"),
);

export const tolerationSchema = object(
  {},
  {
    effect: choice(["NoExecute", "NoSchedule", "PreferNoSchedule"], { description: "Empty: every effect." }),
    key: string({ description: "Taint that is tolerated; empty with operator Exists: every one." }),
    operator: choice(["Equal", "Exists"], { description: "How the value is compared; Equal by default." }),
    tolerationSeconds: integer({ format: "int64", description: "How long; without it for ever." }),
    value: string(),
  },
  openApi("Toleration"),
);

const nodePolicy = choice(["Honor", "Ignore"]);

export const topologySpreadSchema = object(
  {
    maxSkew: integer({ format: "int32", description: "How uneven the spread may be." }),
    topologyKey: string({ description: "Node label whose values are the places to spread over." }),
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

export const readinessGateSchema = object(
  { conditionType: string({ description: "Condition of the pod that has to be True." }) },
  {},
  openApi("PodReadinessGate"),
);

export const schedulingGateSchema = object({ name: string() }, {}, openApi("PodSchedulingGate"));
export const podOsSchema = object({ name: string() }, {}, openApi("PodOS"));

export const podResourceClaimSchema = object(
  { name: string({ description: "By which containers name the claim." }) },
  { resourceClaimName: string(), resourceClaimTemplateName: string() },
  openApi("PodResourceClaim"),
);

export const hostAliasSchema = object(
  { ip: string() },
  { hostnames: array(string(), { listType: "atomic", description: "Names of that address." }) },
  openApi("HostAlias"),
);

export const dnsConfigSchema = object(
  {},
  {
    nameservers: strings,
    options: listOf(
      object({}, { name: string(), value: string() }, openApi("PodDNSConfigOption")),
      "Of the resolver.",
    ),
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
      "Which request of the claim stands for which resource.",
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
