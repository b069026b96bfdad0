import type { AnyObject } from "./any-object.ts";
import type { ServerContext, WriteOptions } from "./context.ts";
import { badRequest, invalidObject } from "./failures.ts";
import type { Resource } from "./resources.ts";

export interface FieldChange {
  readonly resource: Resource;
  readonly object: AnyObject;
  readonly operation: "create" | "update" | "patch";
  /** `duplicate field "x"` texts of the body. */
  readonly duplicates?: readonly string[];
}

/** Takes unknown fields off; Strict refuses them, Warn names them in warnings (spec E-208). */
export function checkUnknownFields(context: ServerContext, change: FieldChange, options: WriteOptions): void {
  const { resource, object, operation } = change;
  const unknown = context.admission.prune(resource.kind, object).map((path) => `unknown field "${path}"`);
  const problems = [...(change.duplicates ?? []), ...unknown];
  if (problems.length === 0 || options.fieldValidation === "Ignore") return;
  if (options.fieldValidation === "Warn") {
    options.warnings.push(...problems);
    return;
  }
  const text = `strict decoding error: ${problems.join(", ")}`;
  if (operation !== "patch")
    throw badRequest(
      `${resource.kind.kind} in version "${resource.version}" cannot be handled as a ${resource.kind.kind}: ${text}`,
    );
  const message = `Invalid value: ${JSON.stringify(JSON.stringify(object))}: ${text}`;
  throw invalidObject(resource, object.metadata.name ?? "", [
    { reason: "FieldValueInvalid", message, field: "patch" },
  ]);
}
