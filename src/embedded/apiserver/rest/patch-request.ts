import { apiVersionOf } from "../../../api/kind.ts";
import type { Written } from "../commit.ts";
import type { Target, WriteOptions } from "../context.ts";
import { badRequest } from "../failures.ts";
import { applyObject } from "../verbs/apply.ts";
import { patchObject } from "../verbs/patch.ts";
import { applyScale } from "../verbs/scale.ts";
import type { Exchange } from "./exchange.ts";
import { decodePatch, patchTypeOf } from "./patch-body.ts";
import type { RestContext } from "./rest-context.ts";
import { writeOptionsOf } from "./write-options.ts";

/** PATCH of an object, its status or its scale, by whatever patch type (spec E-203, E-204). */
export async function patchRequested(
  context: RestContext,
  exchange: Exchange,
  shown: { readonly target: Target; readonly subresource: "" | "status" | "scale" },
): Promise<Written> {
  const { subresource } = shown;
  const { view } = shown.target.resource;
  const target = { ...shown.target, resource: context.resources.storedAs(shown.target.resource) };
  const type = patchTypeOf(exchange, target.resource);
  const options = writeOptionsOf(exchange, "PatchOptions", type === "apply");
  const decoded = await decodePatch(exchange, type);
  if (decoded.type !== "apply") {
    const patch = subresource === "" ? decoded : { ...decoded, subresource };
    return patchObject(context, { target, patch, ...(view ? { view } : {}) }, options);
  }
  const { configuration, duplicates } = decoded;
  if (duplicates !== undefined) noteDuplicates(duplicates, options);
  if (view) throw notAppliedThrough(shown.target.resource);
  if (subresource === "scale") return applyScale(context, { target, configuration }, options);
  return applyObject(context, { target, subresource, configuration }, options);
}

function notAppliedThrough({ group, version, kind, view }: Target["resource"]) {
  const other = view ? apiVersionOf(view.of) : "its stored version";
  return badRequest(`${kind.kind} cannot be applied as ${group}/${version}: apply it as ${other}`);
}

/** Fields that an applied configuration gives twice (spec E-208). */
function noteDuplicates(duplicates: string, options: WriteOptions): void {
  if (options.fieldValidation === "Ignore") return;
  const problem = `error converting YAML to JSON: ${duplicates}`;
  if (options.fieldValidation === "Strict") throw badRequest(`error strict decoding YAML: ${problem}`);
  options.warnings.push(problem);
}
