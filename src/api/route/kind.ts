import { type Address, addressSchema, type DuckStatus, duckStatusFields } from "../duck-status.ts";
import type { Kind } from "../kind.ts";
import { READY_REASON, READY_STATUS, type Resource, resource } from "../resource.ts";
import { array, object, string } from "../schema.ts";
import { type TrafficTarget, trafficTargetSchema } from "../traffic-target.ts";

export interface RouteSpec {
  traffic?: TrafficTarget[];
}

export interface RouteStatus extends DuckStatus {
  url?: string;
  address?: Address;
  traffic?: TrafficTarget[];
}

export type Route = Resource<RouteSpec, RouteStatus>;

/** spec. */
export const RouteKind: Kind<Route> = {
  group: "serving.knative.dev",
  version: "v1",
  kind: "Route",
  plural: "routes",
  singular: "route",
  shortNames: ["rt"],
  categories: ["all", "knative", "serving"],
  namespaced: true,
  custom: true,
  statusSubresource: true,
  schema: resource<RouteSpec, RouteStatus>(
    object({}, { traffic: array(trafficTargetSchema) }),
    object(
      {},
      { ...duckStatusFields, url: string(), address: addressSchema, traffic: array(trafficTargetSchema) },
    ),
  ),
  columns: [
    { name: "URL", type: "string", value: ".status.url" },
    { name: "Ready", type: "string", value: READY_STATUS },
    { name: "Reason", type: "string", value: READY_REASON },
  ],
};
