import { apiVersionOf } from "../../api/kind.ts";
import { copyJson } from "../../base/json.ts";
import type { AnyObject } from "./any-object.ts";
import { dropNulls } from "./built-in/admit-built-in.ts";
import { decodeProblem } from "./built-in/decode-problem.ts";
import type { ServerContext, WriteOptions } from "./context.ts";
import { badRequest, invalid, SCHEME } from "./failures.ts";
import type { Resource } from "./resources.ts";

export interface FieldChange {
  readonly resource: Resource;
  readonly object: AnyObject;
  readonly operation: "create" | "update" | "patch";
  /** `duplicate field "x"` texts of the body. */
  readonly duplicates?: readonly string[];
  /** How messages show an object that a patch made. */
  readonly shown?: (object: unknown) => string;
}

/**
 * Refuses values of the wrong type, and takes unknown fields off: Strict refuses them, Warn names them in warnings
 * (spec E-208).
 */
export function checkUnknownFields(context: ServerContext, change: FieldChange, options: WriteOptions): void {
  const { resource, object } = change;
  if (!resource.kind.custom) dropNulls(object, resource.kind.schema);
  const wrong =
    wrongType(change) ?? (resource.kind.custom ? undefined : decodeProblem(resource.kind, object));
  if (wrong !== undefined) throw undecodable({ ...change, whole: object }, wrong);
  // Pruning takes off what the refusal of a patch shows.
  const whole =
    change.operation === "patch" && options.fieldValidation === "Strict" ? copyJson(object) : object;
  const unknown = context.admission.prune(resource.kind, object).map((path) => `unknown field "${path}"`);
  const problems = [...(change.duplicates ?? []), ...unknown];
  if (problems.length === 0 || options.fieldValidation === "Ignore") return;
  if (options.fieldValidation === "Warn") {
    options.warnings.push(...problems);
    return;
  }
  throw undecodable({ ...change, whole }, `strict decoding error: ${problems.join(", ")}`);
}

/** A body that does not fit the kind: 400, and 422 with the whole object when a patch made it. */
function undecodable(change: FieldChange & { readonly whole: AnyObject }, problem: string) {
  const { resource, operation, whole, shown = JSON.stringify } = change;
  const { kind } = resource.kind;
  if (operation !== "patch")
    return badRequest(`${kind} in version "${resource.version}" cannot be handled as a ${kind}: ${problem}`);
  const message = `Invalid value: ${JSON.stringify(shown(whole))}: ${problem}`;
  return invalid({ kind: "", group: "" }, "", [{ reason: "FieldValueInvalid", message, field: "patch" }]);
}

/** A patch can make a built-in object say that it is something else. */
function wrongType({ resource, object, operation }: FieldChange): string | undefined {
  const { kind } = resource.kind;
  const apiVersion = apiVersionOf(resource);
  if (resource.kind.custom || operation !== "patch") return undefined;
  if (object.kind === kind && object.apiVersion === apiVersion) return undefined;
  return `no kind "${object.kind ?? ""}" is registered for version "${object.apiVersion ?? ""}" ${SCHEME}`;
}
