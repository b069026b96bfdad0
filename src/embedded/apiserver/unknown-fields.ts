import type { AnyObject } from "./any-object.ts";
import { dropNulls } from "./built-in/admit-built-in.ts";
import { decodeProblem } from "./built-in/decode-problem.ts";
import type { ServerContext, WriteOptions } from "./context.ts";
import { badRequest, invalid } from "./failures.ts";
import type { Resource } from "./resources.ts";

export interface FieldChange {
  readonly resource: Resource;
  readonly object: AnyObject;
  readonly operation: "create" | "update" | "patch";
  /** `duplicate field "x"` texts of the body. */
  readonly duplicates?: readonly string[];
}

/**
 * Refuses values of the wrong type, and takes unknown fields off: Strict refuses them, Warn names them in warnings
 * (spec E-208).
 */
export function checkUnknownFields(context: ServerContext, change: FieldChange, options: WriteOptions): void {
  const { resource, object } = change;
  if (!resource.kind.custom) dropNulls(object, resource.kind.schema);
  const problem = resource.kind.custom ? undefined : decodeProblem(resource.kind, object);
  if (problem !== undefined) throw undecodable(change, problem);
  const unknown = context.admission.prune(resource.kind, object).map((path) => `unknown field "${path}"`);
  const problems = [...(change.duplicates ?? []), ...unknown];
  if (problems.length === 0 || options.fieldValidation === "Ignore") return;
  if (options.fieldValidation === "Warn") {
    options.warnings.push(...problems);
    return;
  }
  throw undecodable(change, `strict decoding error: ${problems.join(", ")}`);
}

/** A body that does not fit the kind: 400, and 422 with the whole object when a patch made it. */
function undecodable({ resource, object, operation }: FieldChange, problem: string) {
  const { kind } = resource.kind;
  if (operation !== "patch")
    return badRequest(`${kind} in version "${resource.version}" cannot be handled as a ${kind}: ${problem}`);
  const message = `Invalid value: ${JSON.stringify(JSON.stringify(object))}: ${problem}`;
  return invalid({ kind: "", group: "" }, "", [{ reason: "FieldValueInvalid", message, field: "patch" }]);
}
