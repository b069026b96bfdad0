import type { Schema } from "../../../api/schema.ts";
import { failure } from "../../../api/status.ts";
import type { Patch } from "../../../kube/client.ts";
import { badRequest, unsupportedMediaType } from "../failures.ts";
import { applyJsonPatch, PatchError } from "./json-patch.ts";
import { applyMergePatch } from "./merge-patch.ts";
import { applyStrategicPatch, MalformedDirective, StrategicPatchError } from "./strategic-patch.ts";

/** Any of the three patch types on any document; `current` may be changed. */
export function applyPatch(
  schema: Schema,
  current: unknown,
  { patch, custom }: { readonly patch: Patch; readonly custom: boolean },
): unknown {
  try {
    switch (patch.type) {
      case "json":
        return applyJsonPatch(current, patch.body);
      case "merge":
        return applyMergePatch(current, patch.body);
      case "strategic":
        if (custom)
          throw unsupportedMediaType(["application/json-patch+json", "application/merge-patch+json"]);
        return applyStrategicPatch(current, patch.body, schema);
    }
  } catch (thrown) {
    if (thrown instanceof PatchError) throw rejectedPatch();
    if (thrown instanceof MalformedDirective) throw badRequest(thrown.message);
    if (thrown instanceof StrategicPatchError) throw failure(500, "", thrown.message);
    throw thrown;
  }
}

function rejectedPatch() {
  const message = "the server rejected our request due to an error in our request";
  return failure(422, "Invalid", { message: message, details: {} });
}
