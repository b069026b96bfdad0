import { type ApiObject, objectMetaSchema } from "./object.ts";
import { object, type Schema, string } from "./schema.ts";

/** A kind with a spec and, once a controller has seen it, a status. */
export interface Resource<Spec, Status> extends ApiObject {
  spec: Spec;
  status?: Status;
}

/**
 * The schema lets an object without spec through, because Knative's validation has its own text for that; whoever
 * reads a stored object may rely on the spec, hence the narrower type.
 */
export function resource<Spec, Status>(
  spec: Schema<Spec>,
  status: Schema<Status>,
): Schema<Resource<Spec, Status>> {
  const schema = object(
    {},
    { apiVersion: string(), kind: string(), metadata: objectMetaSchema, spec, status },
  );
  return schema as Schema as Schema<Resource<Spec, Status>>;
}

/** Fields of a condition's owner that all of Knative's kinds share (spec A-034). */
export const READY_STATUS = ".status.conditions[?(@.type=='Ready')].status";
export const READY_REASON = ".status.conditions[?(@.type=='Ready')].reason";
