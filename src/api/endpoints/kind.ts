import { AGE_COLUMN } from "../age.ts";
import { PROTOCOLS } from "../container.ts";
import type { Kind } from "../kind.ts";
import { type ApiObject, objectMetaSchema, objectReferenceSchema } from "../object.ts";
import { array, choice, integer, object, type Schema, string } from "../schema.ts";

export interface ObjectRef {
  apiVersion?: string;
  kind?: string;
  name?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  fieldPath?: string;
}

export interface EndpointAddress {
  ip: string;
  hostname?: string;
  nodeName?: string;
  targetRef?: ObjectRef;
}

export interface EndpointPort {
  name?: string;
  port: number;
  protocol?: string;
  appProtocol?: string;
}

export interface EndpointSubset {
  addresses?: EndpointAddress[];
  notReadyAddresses?: EndpointAddress[];
  ports?: EndpointPort[];
}

export interface Endpoints extends ApiObject {
  subsets?: EndpointSubset[];
}

const addresses = array(
  object(
    { ip: string() },
    { hostname: string(), nodeName: string(), targetRef: objectReferenceSchema },
    { mapType: "atomic", openApi: { type: "core.v1.EndpointAddress" } },
  ),
  { listType: "atomic" },
) as Schema as Schema<EndpointAddress[]>;

const schema: Schema<Endpoints> = object(
  { metadata: objectMetaSchema },
  {
    apiVersion: string(),
    kind: string(),
    subsets: array(
      object(
        {},
        {
          addresses,
          notReadyAddresses: addresses,
          ports: array(
            object(
              { port: integer({ format: "int32" }) },
              { name: string(), protocol: choice(PROTOCOLS), appProtocol: string() },
              { openApi: { type: "core.v1.EndpointPort" } },
            ),
            { listType: "atomic" },
          ),
        },
        { openApi: { type: "core.v1.EndpointSubset" } },
      ),
      { listType: "atomic" },
    ),
  },
);

export const EndpointsKind: Kind<Endpoints> = {
  group: "",
  version: "v1",
  kind: "Endpoints",
  plural: "endpoints",
  singular: "endpoints",
  shortNames: ["ep"],
  categories: [],
  namespaced: true,
  custom: false,
  statusSubresource: false,
  schema,
  columns: [{ name: "Endpoints", type: "string", value: endpointsText }, AGE_COLUMN],
};

const SHOWN = 3;

/** The first three ready `ip:port` and how many more there are. */
function endpointsText(endpoints: Endpoints): string {
  const shown: string[] = [];
  let count = 0;
  for (const subset of endpoints.subsets ?? []) {
    for (const address of subset.addresses ?? []) {
      const ports = subset.ports?.length ? subset.ports.map((one) => String(one.port)) : [undefined];
      for (const port of ports) {
        count += 1;
        if (shown.length < SHOWN) shown.push(port === undefined ? address.ip : `${address.ip}:${port}`);
      }
    }
  }
  if (count === 0) return "<none>";
  return count > SHOWN ? `${shown.join(",")} + ${count - SHOWN} more...` : shown.join(",");
}
