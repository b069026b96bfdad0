import { type DuckStatus, duckStatusFields } from "../duck-status.ts";
import type { Kind } from "../kind.ts";
import { objectReferenceSchema } from "../object.ts";
import { READY_REASON, READY_STATUS, type Resource, resource } from "../resource.ts";
import { integer, object, type Schema, string } from "../schema.ts";
import type { TargetRef } from "../target-ref.ts";

export interface ServerlessServiceSpec {
  mode: "Serve" | "Proxy";
  objectRef: TargetRef;
  protocolType: "http1" | "h2c";
  /** 0 = all activators. */
  numActivators?: number;
}

export interface ServerlessServiceStatus extends DuckStatus {
  serviceName?: string;
  privateServiceName?: string;
}

export type ServerlessService = Resource<ServerlessServiceSpec, ServerlessServiceStatus>;

/** spec. */
export const ServerlessServiceKind: Kind<ServerlessService> = {
  group: "networking.internal.knative.dev",
  version: "v1alpha1",
  kind: "ServerlessService",
  plural: "serverlessservices",
  singular: "serverlessservice",
  shortNames: ["sks"],
  categories: ["knative-internal", "networking"],
  namespaced: true,
  custom: true,
  statusSubresource: true,
  schema: resource<ServerlessServiceSpec, ServerlessServiceStatus>(
    object(
      { objectRef: objectReferenceSchema, protocolType: string() },
      { mode: string(), numActivators: integer({ format: "int32" }) },
    ) as Schema as Schema<ServerlessServiceSpec>,
    object({}, { ...duckStatusFields, serviceName: string(), privateServiceName: string() }),
  ),
  columns: [
    { name: "Mode", type: "string", value: ".spec.mode" },
    { name: "Activators", type: "integer", value: ".spec.numActivators" },
    { name: "ServiceName", type: "string", value: ".status.serviceName" },
    { name: "PrivateServiceName", type: "string", value: ".status.privateServiceName" },
    { name: "Ready", type: "string", value: READY_STATUS },
    { name: "Reason", type: "string", value: READY_REASON },
  ],
};
