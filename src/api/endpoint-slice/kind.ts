import { AGE_COLUMN } from "../age.ts";
import { PROTOCOLS } from "../container.ts";
import type { ObjectRef } from "../endpoints/kind.ts";
import type { Kind } from "../kind.ts";
import { type ApiObject, objectMetaSchema, objectReferenceSchema } from "../object.ts";
import { array, boolean, choice, integer, map, named, object, type Schema, string } from "../schema.ts";

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

const hintsOf = (type: string) => array(named(type, object({ name: string() }, {})), { listType: "atomic" });

const schema = object(
  { addressType: choice(["FQDN", "IPv4", "IPv6"]), metadata: objectMetaSchema },
  {
    endpoints: array(
      object(
        { addresses: array(string(), { listType: "set" }) },
        {
          conditions: object(
            {},
            { ready: boolean(), serving: boolean(), terminating: boolean() },
            { openApi: { type: "discovery.v1.EndpointConditions" } },
          ),
          hostname: string(),
          nodeName: string(),
          targetRef: objectReferenceSchema,
          zone: string(),
          hints: object(
            {},
            {
              forNodes: hintsOf("discovery.v1.ForNode"),
              forZones: hintsOf("discovery.v1.ForZone"),
            },
            { openApi: { type: "discovery.v1.EndpointHints" } },
          ),
          deprecatedTopology: map(string()),
        },
        { openApi: { type: "discovery.v1.Endpoint" } },
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
          protocol: choice(PROTOCOLS),
          appProtocol: string(),
        },
        { openApi: { type: "discovery.v1.EndpointPort" } },
      ),
      { listType: "atomic" },
    ),
  },
  { openApi: { required: ["endpoints"] } },
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
