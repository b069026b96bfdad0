import type { KindView } from "../../../api/view.ts";
import type { Patch } from "../../../kube/client.ts";
import { type AnyObject, isRecord } from "../any-object.ts";
import type { Written } from "../commit.ts";
import type { ServerContext, Target, WriteOptions } from "../context.ts";
import { badRequest } from "../failures.ts";
import { applyPatch } from "../patch/apply-patch.ts";
import { patchedText } from "../patch/patched-text.ts";
import { checkUnknownFields } from "../unknown-fields.ts";
import { patchScale } from "./scale.ts";
import { changeObject } from "./update.ts";

/** PATCH of an object or of its status or scale (spec E-203). */
export function patchObject(
  context: ServerContext,
  request: { readonly target: Target; readonly patch: Patch; readonly view?: KindView },
  options: WriteOptions,
): Promise<Written> {
  const { target, patch, view } = request;
  if (patch.subresource === "scale") return patchScale(context, { target, patch }, options);
  return changeObject(
    context,
    {
      target,
      subresource: patch.subresource ?? "",
      patches: true,
      change(copy) {
        const current = copy();
        if (view) return patchedThrough(view, { target, current, patch });
        const patched = patchedObject(target, current, patch);
        const { resource } = target;
        const shown = (object: unknown) => patchedText(resource.kind, object, patch);
        checkUnknownFields(context, { resource, object: patched, operation: "patch", shown }, options);
        return patched;
      },
    },
    options,
  );
}

/** The patch changes what its version shows; that is turned back into what is stored. */
function patchedThrough(
  view: KindView,
  { target, current, patch }: { readonly target: Target; readonly current: AnyObject; readonly patch: Patch },
): AnyObject {
  const resource = { ...target.resource, kind: view.kind };
  const patched = patchedObject({ ...target, resource }, view.show(current) as AnyObject, patch);
  return view.store(patched, current) as AnyObject;
}

function patchedObject(target: Target, current: AnyObject, patch: Patch): AnyObject {
  const patched = applyPatch(target.resource.kind.schema, current, {
    patch,
    custom: target.resource.kind.custom,
  });
  if (!isRecord(patched) || !isRecord(patched.metadata) || typeof patched.metadata.name !== "string")
    throw badRequest(
      `the name of the object (${target.name} based on URL) was undeterminable: name must be provided`,
    );
  return patched as AnyObject;
}
