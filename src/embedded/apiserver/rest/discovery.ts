import { schemaOfGoType } from "../../../api/go-schema.ts";
import { goTypeOf } from "../../../api/go-types.ts";
import { apiVersionOf, collectionOf, type Kind } from "../../../api/kind.ts";
import { objectMetaSchema } from "../../../api/object.ts";
import { object, string } from "../../../api/schema.ts";
import { REVIEWS, type Review } from "../access/reviews.ts";
import type { Resource, Resources } from "../resources.ts";

/** What is served, in the legacy and the aggregated form (spec E-196). */

const BUILT_IN_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const CUSTOM_VERBS = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
const CHANGE_VERBS = ["get", "patch", "update"];

interface SubresourceInfo {
  readonly name: string;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly group?: string;
  readonly version?: string;
}

function verbsOf(kind: Kind): readonly string[] {
  if (kind.custom) return CUSTOM_VERBS;
  if (REVIEWS.some(({ group, plural }) => group === kind.group && plural === kind.plural)) return ["create"];
  return kind.plural === "namespaces"
    ? BUILT_IN_VERBS.filter((verb) => verb !== "deletecollection")
    : BUILT_IN_VERBS;
}

const CONNECT_VERBS = ["create", "get"];
const PROXY_VERBS = ["create", "delete", "get", "patch", "update"];

/** What built-in kinds have below them beside scale and status, by collection. */
const SUBRESOURCES: Readonly<Record<string, readonly SubresourceInfo[]>> = {
  namespaces: [{ name: "finalize", kind: "Namespace", verbs: ["update"] }],
  pods: [
    { name: "attach", kind: "PodAttachOptions", verbs: CONNECT_VERBS },
    { name: "binding", kind: "Binding", verbs: ["create"] },
    { name: "ephemeralcontainers", kind: "Pod", verbs: CHANGE_VERBS },
    { name: "eviction", kind: "Eviction", verbs: ["create"], group: "policy", version: "v1" },
    { name: "exec", kind: "PodExecOptions", verbs: CONNECT_VERBS },
    { name: "log", kind: "Pod", verbs: ["get"] },
    { name: "portforward", kind: "PodPortForwardOptions", verbs: CONNECT_VERBS },
    { name: "proxy", kind: "PodProxyOptions", verbs: PROXY_VERBS },
    { name: "resize", kind: "Pod", verbs: CHANGE_VERBS },
  ],
  serviceaccounts: [
    {
      name: "token",
      kind: "TokenRequest",
      verbs: ["create"],
      group: "authentication.k8s.io",
      version: "v1",
    },
  ],
  services: [{ name: "proxy", kind: "ServiceProxyOptions", verbs: PROXY_VERBS }],
};

function subresourcesOf(kind: Kind): SubresourceInfo[] {
  const found = [...(SUBRESOURCES[collectionOf(kind)] ?? [])];
  if (kind.scaleSubresource)
    found.push({ name: "scale", kind: "Scale", verbs: CHANGE_VERBS, group: "autoscaling", version: "v1" });
  if (kind.statusSubresource) found.push({ name: "status", kind: kind.kind, verbs: CHANGE_VERBS });
  return found;
}

/** A question as the resource that discovery shows it as: it can only be created. */
function reviewKind({ group, version, plural, kind, namespaced }: Review): Kind {
  const names = { kind, plural, singular: kind.toLowerCase(), shortNames: [], categories: [] };
  const none = { custom: false, statusSubresource: false, columns: [] };
  const { fields, openApi } = schemaOfGoType(goTypeOf(`${group}/${version}/${kind}`) ?? "");
  const { metadata: _, ...others } = fields ?? {};
  const all = { apiVersion: string(), kind: string(), ...others };
  const schema = { ...object({ metadata: objectMetaSchema }, all), ...(openApi && { openApi }) };
  return { group, version, ...names, namespaced, ...none, schema };
}

function optionalLists(kind: Kind): object {
  return {
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
  };
}

function byName(left: Resource, right: Resource): number {
  return left.plural < right.plural ? -1 : 1;
}

export interface GroupVersions {
  readonly group: string;
  readonly versions: readonly { readonly version: string; readonly resources: readonly Resource[] }[];
}

/** Built-in groups first, then custom ones, each by name; the preferred version first, v1alpha1 last. */
export function groupsOf(resources: Resources): GroupVersions[] {
  const groups = new Map<string, Map<string, Resource[]>>();
  const questions = REVIEWS.map((review): Resource => {
    const { group, version, plural } = review;
    return { kind: reviewKind(review), group, version, plural, collection: `${plural}.${group}` };
  });
  for (const resource of [...resources.all, ...questions]) {
    const versions = groups.get(resource.group) ?? new Map<string, Resource[]>();
    groups.set(resource.group, versions);
    versions.set(resource.version, [...(versions.get(resource.version) ?? []), resource]);
  }
  return [...groups]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([group, versions]) => ({
      group,
      versions: [...versions]
        .sort(([left], [right]) => versionRank(left) - versionRank(right))
        .map(([version, members]) => ({ version, resources: members.sort(byName) })),
    }));
}

/** Stable before beta before alpha, newer before older. */
function versionRank(version: string): number {
  const [, major = "0", stage, minor = "0"] = /^v(\d+)(alpha|beta)?(\d+)?$/.exec(version) ?? [];
  const stageRank = stage === undefined ? 0 : stage === "beta" ? 1 : 2;
  return stageRank * 1_000_000 - Number(major) * 1000 - Number(minor);
}

export function resourceList(resources: readonly Resource[], groupVersion: string): object {
  const list = resources.flatMap(({ kind }) => [
    {
      name: kind.plural,
      singularName: kind.singular,
      namespaced: kind.namespaced,
      kind: kind.kind,
      verbs: verbsOf(kind),
      ...optionalLists(kind),
    },
    ...subresourcesOf(kind).map(({ name, ...info }) => ({
      name: `${kind.plural}/${name}`,
      singularName: "",
      namespaced: kind.namespaced,
      ...info,
    })),
  ]);
  const core = groupVersion === "v1";
  return { kind: "APIResourceList", ...(core ? {} : { apiVersion: "v1" }), groupVersion, resources: list };
}

export function apiGroup({ group, versions }: GroupVersions): object {
  const list = versions.map(({ version }) => ({ groupVersion: apiVersionOf({ group, version }), version }));
  return { name: group, versions: list, preferredVersion: list[0] };
}

export function aggregated(groups: readonly GroupVersions[]): object {
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: "apidiscovery.k8s.io/v2",
    metadata: {},
    items: groups.map(({ group, versions }) => ({
      metadata: group === "" ? {} : { name: group },
      versions: versions.map(({ version, resources }) => ({
        version,
        resources: resources.map(aggregatedResource),
        freshness: "Current",
      })),
    })),
  };
}

function aggregatedResource({ kind, group, version }: Resource): object {
  const type = kind.custom ? { group, version } : { group: "", version: "" };
  const subresources = subresourcesOf(kind).map((info) => ({
    subresource: info.name,
    responseKind: {
      group: info.group ?? type.group,
      version: info.version ?? type.version,
      kind: info.kind,
    },
    verbs: info.verbs,
  }));
  return {
    resource: kind.plural,
    responseKind: { ...type, kind: kind.kind },
    scope: kind.namespaced ? "Namespaced" : "Cluster",
    singularResource: kind.singular,
    verbs: verbsOf(kind),
    ...optionalLists(kind),
    ...(subresources.length > 0 ? { subresources } : {}),
  };
}
