/** What pods use of a ResourceQuota, as Kubernetes counts it. Pure. */
import {
  addQuantities,
  compareQuantities,
  parseQuantity,
  type Quantity,
  quantityText,
} from "../../base/quantity.ts";
import type { Container, ResourceList } from "../container.ts";
import type { Pod } from "../pod/pod.ts";
import type { ResourceQuota } from "./kind.ts";

type Usage = Map<string, Quantity>;

const ONE = parseQuantity("1");
const ZERO = parseQuantity("0");

/** Names of what is asked for without the `requests.` in front. */
const SHORT = ["cpu", "memory", "ephemeral-storage"];

/** What one pod counts for: itself, and what its containers ask for and may take. */
function podUsage(pod: Pod): Usage {
  const usage: Usage = new Map([
    ["pods", ONE],
    ["count/pods", ONE],
  ]);
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

/** Pods that have ended use nothing any more. */
export function quotaUsage(quota: ResourceQuota, pods: readonly Pod[]): Usage {
  const used: Usage = new Map();
  for (const name of Object.keys(quota.spec.hard ?? {})) used.set(name, ZERO);
  for (const pod of pods) {
    if (pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed") continue;
    for (const [name, amount] of podUsage(pod)) {
      const known = used.get(name);
      if (known) used.set(name, addQuantities(known, amount));
    }
  }
  return used;
}

const COMPUTE = /^(requests\.|limits\.)?(cpu|memory|ephemeral-storage)$/;

/** Why a quota has no room for a new pod; undefined when it has. */
export function quotaRefusal(quota: ResourceQuota, pod: Pod, pods: readonly Pod[]): string | undefined {
  const { name = "" } = quota.metadata;
  const hard = quota.spec.hard ?? {};
  const asked = podUsage(pod);
  const unsaid = Object.keys(hard).filter((one) => COMPUTE.test(one) && !asked.has(one));
  if (unsaid.length > 0) {
    const containers = pod.spec.containers.map((container) => container.name).join(",");
    return `failed quota: ${name}: must specify ${unsaid.map((one) => `${one} for: ${containers}`).join("; ")}`;
  }
  const used = quotaUsage(quota, pods);
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
