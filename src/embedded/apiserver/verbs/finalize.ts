import { type AnyObject, recordAt, valueAt } from "../any-object.ts";
import type { Written } from "../commit.ts";
import type { ServerContext, Target, WriteOptions } from "../context.ts";
import { changeObject } from "./update.ts";

/** PUT on a namespace's /finalize: spec.finalizers alone are taken over; without any a dying namespace goes. */
export function finalizeNamespace(
  context: ServerContext,
  request: { readonly target: Target; readonly object: AnyObject },
  options: WriteOptions,
): Promise<Written> {
  const finalizers = valueAt(request.object, ["spec", "finalizers"]);
  const { resourceVersion, name } = request.object.metadata;
  return changeObject(
    context,
    {
      target: request.target,
      subresource: "finalize",
      change(copy) {
        const current = copy();
        const { finalizers: _, ...spec } = recordAt(current, ["spec"]);
        const version = resourceVersion === undefined ? {} : { resourceVersion };
        const own = name === undefined ? {} : { name };
        return {
          ...current,
          metadata: { ...current.metadata, ...version, ...own },
          spec: Array.isArray(finalizers) && finalizers.length > 0 ? { ...spec, finalizers } : spec,
        };
      },
    },
    options,
  );
}
