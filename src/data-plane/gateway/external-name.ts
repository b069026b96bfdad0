import { CLUSTER_DOMAIN, SYSTEM_NAMESPACE } from "../../api/names.ts";
import type { Backend } from "../backend.ts";
import type { ServiceTarget } from "./backend-table.ts";
import type { Visibility } from "./route-table.ts";

/** What the name of an ExternalName Service means to a gateway (spec G-010, G-052). */
export type Meaning =
  /** This gateway itself: the request comes in again, without a socket. */
  | { readonly is: "gateway"; readonly listener: Visibility }
  | { readonly is: "service"; readonly target: ServiceTarget }
  /** Resolved when it is connected to. */
  | { readonly is: "outside"; readonly backend: Backend };

const SUFFIX = `.svc.${CLUSTER_DOMAIN}`;

const OWN: ReadonlyMap<string, Visibility> = new Map([
  [`gateway.${SYSTEM_NAMESPACE}`, "public"],
  [`gateway-internal.${SYSTEM_NAMESPACE}`, "private"],
]);

export function meaningOf(externalName: string, port: number): Meaning {
  const name = externalName.replace(/\.$/, "").toLowerCase();
  const inside = name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : undefined;
  const listener = inside === undefined ? undefined : OWN.get(inside);
  if (listener) return { is: "gateway", listener };
  const [service = "", namespace = "", ...more] = inside?.split(".") ?? [];
  if (service !== "" && namespace !== "" && more.length === 0)
    return { is: "service", target: { namespace, service, port } };
  return { is: "outside", backend: { ip: name, port } };
}
