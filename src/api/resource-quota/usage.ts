/** What objects use of a ResourceQuota, as Kubernetes counts it. Pure. */
import {
  addQuantities,
  compareQuantities,
  parseQuantity,
  type Quantity,
  quantityText,
} from "../../base/quantity.ts";
import type { Container, ResourceList } from "../container.ts";
import type { CoreService } from "../core-service/kind.ts";
import type { PersistentVolumeClaim } from "../persistent-volume-claim/kind.ts";
import { isOver } from "../pod/phase.ts";
import type { Pod } from "../pod/pod.ts";
import type { ResourceQuota } from "./kind.ts";
import { type Countable, isInScope } from "./scopes.ts";

type Usage = Map<string, Quantity>;

const ONE = parseQuantity("1");
const ZERO = parseQuantity("0");
const COUNT = "count/";
const CLASS = ".storageclass.storage.k8s.io/";

/** Names of what is asked for without the `requests.` in front. */
const SHORT = ["cpu", "memory", "ephemeral-storage"];

/** Kinds that count under their own names too. */
const OWN_NAMES = ["services", "configmaps", "secrets", "persistentvolumeclaims", "resourcequotas"];

/** The collection whose objects a quota's name counts. */
export function collectionCounted(name: string): string {
  if (name.startsWith(COUNT)) return name.slice(COUNT.length);
  if (name.startsWith("services.")) return "services";
  if (name.includes(CLASS) || name === "requests.storage") return "persistentvolumeclaims";
  return OWN_NAMES.includes(name) ? name : "pods";
}

function usageOf({ collection, object }: Countable): Usage {
  const usage: Usage = new Map([[`${COUNT}${collection}`, ONE]]);
  if (OWN_NAMES.includes(collection)) usage.set(collection, ONE);
  const more =
    collection === "pods"
      ? podUsage(object as Pod)
      : collection === "services"
        ? serviceUsage(object as CoreService)
        : collection === "persistentvolumeclaims"
          ? claimUsage(object as PersistentVolumeClaim)
          : [];
  for (const [name, amount] of more) usage.set(name, amount);
  return usage;
}

function serviceUsage({ spec }: CoreService): Usage {
  const ports = parseQuantity(String(spec.ports?.length ?? 0));
  const { type, allocateLoadBalancerNodePorts } = spec as {
    type?: string;
    allocateLoadBalancerNodePorts?: boolean;
  };
  if (type === "NodePort") return new Map([["services.nodeports", ports]]);
  if (type !== "LoadBalancer") return new Map();
  const nodePorts = allocateLoadBalancerNodePorts === false ? ZERO : ports;
  return new Map([
    ["services.loadbalancers", ONE],
    ["services.nodeports", nodePorts],
  ]);
}

function claimUsage({ spec }: PersistentVolumeClaim): Usage {
  const storage = parseQuantity(String(spec.resources?.requests?.storage ?? "0"));
  const usage: Usage = new Map([["requests.storage", storage]]);
  if (spec.storageClassName === undefined) return usage;
  usage.set(`${spec.storageClassName}${CLASS}requests.storage`, storage);
  return usage.set(`${spec.storageClassName}${CLASS}persistentvolumeclaims`, ONE);
}

/** What one pod counts for: itself, and what its containers ask for and may take. One that has ended uses nothing. */
function podUsage(pod: Pod): Usage {
  if (isOver(pod)) return new Map();
  const usage: Usage = new Map([["pods", ONE]]);
  for (const list of ["requests", "limits"] as const) {
    const running = sum(pod.spec.containers, list);
    for (const container of pod.spec.initContainers ?? [])
      for (const [name, amount] of amounts(container.resources?.[list])) {
        const known = running.get(name);
        if (!known || compareQuantities(amount, known) > 0) running.set(name, amount);
      }
    for (const [name, amount] of running) {
      usage.set(`${list}.${name}`, amount);
      if (list === "requests" && SHORT.includes(name)) usage.set(name, amount);
    }
  }
  return usage;
}

function sum(containers: readonly Container[], list: "requests" | "limits"): Usage {
  const total: Usage = new Map();
  for (const { resources } of containers)
    for (const [name, amount] of amounts(resources?.[list]))
      total.set(name, addQuantities(total.get(name) ?? ZERO, amount));
  return total;
}

function amounts(list: ResourceList | undefined): [string, Quantity][] {
  return Object.entries(list ?? {}).map(([name, amount]) => [name, parseQuantity(String(amount))]);
}

/** The sum of what is counted, under each name that the quota limits. */
export function quotaUsage(quota: ResourceQuota, counted: readonly Countable[]): Usage {
  const used: Usage = new Map();
  for (const name of Object.keys(quota.spec.hard ?? {})) used.set(name, ZERO);
  for (const one of counted) {
    if (!isInScope(quota, one)) continue;
    for (const [name, amount] of usageOf(one)) {
      const known = used.get(name);
      if (known) used.set(name, addQuantities(known, amount));
    }
  }
  return used;
}

const COMPUTE = /^(requests\.|limits\.)?(cpu|memory|ephemeral-storage)$/;

/** Whether the quota has something to say about a new object. */
export function concerns(quota: ResourceQuota, made: Countable): boolean {
  if (!isInScope(quota, made)) return false;
  const asked = usageOf(made);
  return Object.keys(quota.spec.hard ?? {}).some(
    (name) => asked.has(name) || (made.collection === "pods" && COMPUTE.test(name)),
  );
}

/** Why a quota has no room for a new object beside those of its collection; undefined when it has. */
export function quotaRefusal(
  quota: ResourceQuota,
  made: Countable,
  others: readonly Countable[],
): string | undefined {
  const { name = "" } = quota.metadata;
  const hard = quota.spec.hard ?? {};
  const asked = usageOf(made);
  const unsaid =
    made.collection === "pods" ? Object.keys(hard).filter((one) => COMPUTE.test(one) && !asked.has(one)) : [];
  if (unsaid.length > 0) {
    const containers = (made.object as Pod).spec.containers.map((container) => container.name).join(",");
    return `failed quota: ${name}: must specify ${unsaid.map((one) => `${one} for: ${containers}`).join("; ")}`;
  }
  const used = quotaUsage(quota, others);
  const over = Object.keys(hard)
    .sort()
    .filter((one) => {
      const amount = asked.get(one);
      const limit = parseQuantity(String(hard[one]));
      return amount && compareQuantities(addQuantities(used.get(one) ?? ZERO, amount), limit) > 0;
    });
  if (over.length === 0) return undefined;
  const list = (amountOf: (one: string) => string) => over.map((one) => `${one}=${amountOf(one)}`).join(",");
  const text = (amount: Quantity | undefined) => quantityText(amount ?? ZERO);
  return (
    `exceeded quota: ${name}, requested: ${list((one) => text(asked.get(one)))}, ` +
    `used: ${list((one) => text(used.get(one)))}, limited: ${list((one) => String(hard[one]))}`
  );
}
