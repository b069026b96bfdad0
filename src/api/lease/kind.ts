import { AGE_COLUMN } from "../age.ts";
import type { Kind } from "../kind.ts";
import { type ApiObject, objectMetaSchema } from "../object.ts";
import { integer, object, type Schema, string } from "../schema.ts";

export interface LeaseSpec {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  /** RFC 3339 with microseconds. */
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
  strategy?: string;
  preferredHolder?: string;
}

export interface Lease extends ApiObject {
  spec?: LeaseSpec;
}

const schema: Schema<Lease> = object(
  { metadata: objectMetaSchema },
  {
    apiVersion: string(),
    kind: string(),
    spec: object(
      {},
      {
        holderIdentity: string(),
        leaseDurationSeconds: integer({ format: "int32" }),
        acquireTime: string({ format: "micro-time" }),
        renewTime: string({ format: "micro-time" }),
        leaseTransitions: integer({ format: "int32" }),
        strategy: string(),
        preferredHolder: string(),
      },
    ),
  },
);

export const LeaseKind: Kind<Lease> = {
  group: "coordination.k8s.io",
  version: "v1",
  kind: "Lease",
  plural: "leases",
  singular: "lease",
  shortNames: [],
  categories: [],
  namespaced: true,
  custom: false,
  statusSubresource: false,
  schema,
  columns: [
    { name: "Holder", type: "string", value: (one: Lease) => one.spec?.holderIdentity ?? "" },
    AGE_COLUMN,
  ],
};
