import { AGE_COLUMN } from "../age.ts";
import type { ObjectRef } from "../endpoints/kind.ts";
import type { Kind } from "../kind.ts";
import { type ApiObject, objectMetaSchema } from "../object.ts";
import { any, array, boolean, integer, map, object, type Schema, string } from "../schema.ts";

export interface SliceEndpoint {
  addresses: string[];
  conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean };
  hostname?: string;
  nodeName?: string;
  targetRef?: ObjectRef;
  zone?: string;
  hints?: unknown;
  deprecatedTopology?: Record<string, string>;
}

export interface SlicePort {
  name?: string;
  port?: number;
  protocol?: string;
  appProtocol?: string;
}

export interface EndpointSlice extends ApiObject {
  addressType: "IPv4" | "IPv6" | "FQDN";
  endpoints: SliceEndpoint[];
  ports?: SlicePort[];
}

const schema = object(
  { addressType: string(), metadata: objectMetaSchema },
  {
    endpoints: array(
      object(
        { addresses: array(string(), { listType: "set" }) },
        {
          conditions: object({}, { ready: boolean(), serving: boolean(), terminating: boolean() }),
          hostname: string(),
          nodeName: string(),
          targetRef: any(),
          zone: string(),
          hints: any(),
          deprecatedTopology: map(string()),
        },
      ),
      { listType: "atomic" },
    ),
    apiVersion: string(),
    kind: string(),
    ports: array(
      object(
        {},
        {
          name: string(),
          port: integer({ format: "int32" }),
          protocol: string(),
          appProtocol: string(),
        },
        { order: ["name", "protocol", "port"] },
      ),
      { listType: "atomic" },
    ),
  },
) as Schema as Schema<EndpointSlice>;

export const EndpointSliceKind: Kind<EndpointSlice> = {
  group: "discovery.k8s.io",
  version: "v1",
  kind: "EndpointSlice",
  plural: "endpointslices",
  singular: "endpointslice",
  shortNames: [],
  categories: [],
  namespaced: true,
  custom: false,
  statusSubresource: false,
  schema,
  columns: [
    { name: "AddressType", type: "string", value: ".addressType" },
    { name: "Ports", type: "string", value: portsText },
    { name: "Endpoints", type: "string", value: addressesText },
    AGE_COLUMN,
  ],
};

function portsText(slice: EndpointSlice): string {
  const ports = slice.ports ?? [];
  if (ports.length === 0) return "<unset>";
  return someOf(ports.map((one) => (one.port === undefined ? "*" : String(one.port))));
}

function addressesText(slice: EndpointSlice): string {
  const addresses = slice.endpoints.flatMap((one) => one.addresses);
  return addresses.length === 0 ? "<unset>" : someOf(addresses);
}

function someOf(texts: string[]): string {
  const shown = texts.slice(0, 3).join(",");
  return texts.length > 3 ? `${shown} + ${texts.length - 3} more...` : shown;
}
