import { object, type Schema, string } from "./schema.ts";

/** Names the thing that is scaled, in the same namespace (spec ). */
export interface TargetRef {
  apiVersion?: string;
  kind?: string;
  name?: string;
}

export const targetRefSchema: Schema<TargetRef> = object(
  {},
  { apiVersion: string(), kind: string(), name: string() },
  { mapType: "atomic" },
);
