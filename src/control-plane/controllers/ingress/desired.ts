import type { Ingress, IngressStatus } from "../../../api/ingress/kind.ts";
import { CLUSTER_DOMAIN, SYSTEM_NAMESPACE } from "../../../api/names.ts";
import type { Stored } from "../../../api/object.ts";
import { Conditions, livingSet } from "../../../kube/conditions.ts";
import type { Desired } from "../../../kube/controller.ts";

/** An Ingress of ebb's class is ready when every gateway replica serves its rules (spec G-018, A-063). */

export interface IngressObserved {
  readonly isServed: boolean;
}

const set = livingSet("NetworkConfigured", "LoadBalancerReady");

export function desiredIngress(ingress: Stored<Ingress>, { isServed }: IngressObserved): Desired<Ingress> {
  const conditions = new Conditions(set, ingress.status?.conditions);
  conditions.markTrue("NetworkConfigured");
  const status: IngressStatus = { ...ingress.status };
  if (isServed) {
    conditions.markTrue("LoadBalancerReady");
    status.publicLoadBalancer = gatewayAt("gateway");
    status.privateLoadBalancer = gatewayAt("gateway-internal");
  } else {
    conditions.markUnknown("LoadBalancerReady", {
      reason: "Uninitialized",
      message: "Waiting for load balancer to be ready",
    });
  }
  return { children: [], status: { ...status, conditions: conditions.list() } };
}

function gatewayAt(service: string) {
  return { ingress: [{ domainInternal: `${service}.${SYSTEM_NAMESPACE}.svc.${CLUSTER_DOMAIN}` }] };
}
