import { ClusterRoleKind } from "../../../api/cluster-role/kind.ts";
import { ClusterRoleBindingKind } from "../../../api/cluster-role-binding/kind.ts";
import type { Kind } from "../../../api/kind.ts";
import type { ApiObject } from "../../../api/object.ts";
import { type PolicyRule, RBAC_GROUP } from "../../../api/rbac.ts";
import type { KubeClient } from "../../../kube/client.ts";

/** Roles and bindings that every cluster begins with, as far as ebb's kinds need them. What is there already stays. */

const READ = ["get", "list", "watch"];
const WRITE = ["create", "delete", "deletecollection", "patch", "update"];
const KNATIVE = ["serving.knative.dev"];

/** What people who work in a namespace read and change; never its rights. */
const OBJECTS: readonly { readonly group: string; readonly resources: readonly string[] }[] = [
  {
    group: "",
    resources: [
      "configmaps",
      "endpoints",
      "events",
      "pods",
      "pods/log",
      "pods/status",
      "serviceaccounts",
      "services",
    ],
  },
  { group: "apps", resources: ["deployments", "deployments/scale", "replicasets", "replicasets/scale"] },
  { group: "autoscaling", resources: ["horizontalpodautoscalers"] },
  { group: "discovery.k8s.io", resources: ["endpointslices"] },
  { group: "policy", resources: ["poddisruptionbudgets"] },
  ...KNATIVE.map((group) => ({ group, resources: ["*"] })),
];

function rules(verbs: readonly string[]): PolicyRule[] {
  return OBJECTS.map(({ group, resources }) => ({
    verbs: [...verbs],
    apiGroups: [group],
    resources: [...resources],
  }));
}

const ALL: readonly PolicyRule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
  { verbs: ["*"], nonResourceURLs: ["*"] },
];

const VIEW: readonly PolicyRule[] = [
  ...rules(READ),
  { verbs: READ, apiGroups: [""], resources: ["namespaces", "resourcequotas"] },
];
const EDIT: readonly PolicyRule[] = [
  ...rules([...READ, ...WRITE]),
  {
    verbs: [...READ, ...WRITE],
    apiGroups: [""],
    resources: ["secrets", "pods/attach", "pods/exec", "pods/portforward"],
  },
  { verbs: READ, apiGroups: [""], resources: ["namespaces", "resourcequotas"] },
  { verbs: ["create"], apiGroups: [""], resources: ["pods/eviction", "serviceaccounts/token"] },
];

const ROLES: Readonly<Record<string, readonly PolicyRule[]>> = {
  "cluster-admin": ALL,
  admin: [
    ...EDIT,
    { verbs: [...READ, ...WRITE], apiGroups: [RBAC_GROUP], resources: ["roles", "rolebindings"] },
    { verbs: ["create"], apiGroups: ["authorization.k8s.io"], resources: ["localsubjectaccessreviews"] },
  ],
  edit: EDIT,
  view: VIEW,
  "system:basic-user": [
    {
      verbs: ["create"],
      apiGroups: ["authorization.k8s.io"],
      resources: ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
    },
    { verbs: ["create"], apiGroups: ["authentication.k8s.io"], resources: ["selfsubjectreviews"] },
  ],
  "system:discovery": [
    {
      verbs: ["get"],
      nonResourceURLs: [
        ...["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez"],
        ...["/openapi", "/openapi/*", "/readyz", "/version", "/version/"],
      ],
    },
  ],
  "system:public-info-viewer": [
    { verbs: ["get"], nonResourceURLs: ["/healthz", "/livez", "/readyz", "/version", "/version/"] },
  ],
};

const AUTHENTICATED = "system:authenticated";

const BINDINGS: Readonly<Record<string, readonly string[]>> = {
  "cluster-admin": ["system:masters"],
  "system:basic-user": [AUTHENTICATED],
  "system:discovery": [AUTHENTICATED],
  "system:public-info-viewer": [AUTHENTICATED, "system:unauthenticated"],
};

export async function publishPolicy(client: KubeClient): Promise<void> {
  const labels = { "kubernetes.io/bootstrapping": "rbac-defaults" };
  const roles = Object.entries(ROLES).map(([name, rules]) => ({
    metadata: { name, labels },
    rules: [...rules],
  }));
  const bindings = Object.entries(BINDINGS).map(([name, groups]) => ({
    metadata: { name, labels },
    roleRef: { apiGroup: RBAC_GROUP, kind: "ClusterRole", name },
    subjects: groups.map((group) => ({ kind: "Group", apiGroup: RBAC_GROUP, name: group })),
  }));
  await Promise.all([
    createMissing(client, ClusterRoleKind, roles),
    createMissing(client, ClusterRoleBindingKind, bindings),
  ]);
}

async function createMissing<T extends ApiObject>(
  client: KubeClient,
  kind: Kind<T>,
  wanted: readonly T[],
): Promise<void> {
  const { items } = await client.list(kind, { fields: [] });
  const there = new Set(items.map(({ metadata }) => metadata.name));
  const missing = wanted.filter(({ metadata }) => !there.has(metadata.name ?? ""));
  await Promise.all(missing.map((object) => client.create(kind, object)));
}
