import type { Container } from "../../api/container.ts";
import type { Pod } from "../../api/pod/kind.ts";
import { parseQuantity, quantityMilliValue } from "../../base/quantity.ts";
import { EnvError } from "./pod-data.ts";

/** What a pod may be told of itself, as text (Kubernetes' downward API). */

export interface PodFacts {
  readonly pod: Pod;
  readonly ip: string;
  readonly hostIp: string;
  readonly nodeName: string;
}

/** Throws EnvError for a path that Kubernetes does not know either. */
export function fieldValue(path: string, { pod, ip, hostIp, nodeName }: PodFacts): string {
  const { metadata, spec } = pod;
  const entry = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (entry) return metadata[entry[1] as "labels" | "annotations"]?.[entry[2] ?? ""] ?? "";
  switch (path) {
    case "metadata.name":
    case "metadata.namespace":
    case "metadata.uid":
      return metadata[path.slice(9) as "name" | "namespace" | "uid"] ?? "";
    case "metadata.labels":
      return listed(metadata.labels);
    case "metadata.annotations":
      return listed(metadata.annotations);
    case "spec.nodeName":
      return nodeName;
    case "spec.serviceAccountName":
      return spec.serviceAccountName ?? "default";
    case "status.podIP":
    case "status.podIPs":
      return ip;
    case "status.hostIP":
    case "status.hostIPs":
      return hostIp;
    default:
      throw new EnvError(`fieldPath ${path} is not supported`);
  }
}

/** In a volume: a line for each, in order. */
function listed(map: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join("\n");
}

export interface ResourceRef {
  readonly containerName?: string;
  readonly resource: string;
  readonly divisor?: string | number;
}

/** In units of the divisor, rounded up; an unset limit is what the machine has, which is not told here: 0. */
export function resourceValue(ref: ResourceRef, containers: readonly Container[], own: string): string {
  const container = containers.find(({ name }) => name === (ref.containerName || own));
  const [, kind, resource = ""] = /^(limits|requests)\.(.+)$/.exec(ref.resource) ?? [];
  if (!container || !kind)
    throw new EnvError(`resource ${ref.resource} of ${ref.containerName || own} is unknown`);
  const value = container.resources?.[kind as "limits" | "requests"]?.[resource];
  const divisor = parseQuantity(String(ref.divisor ?? "1"));
  const unit = quantityMilliValue(divisor) || 1000n;
  const amount = quantityMilliValue(parseQuantity(String(value ?? "0")));
  return String((amount + unit - 1n) / unit);
}
