import type { AnyObject } from "../any-object.ts";
import { invalidObject } from "../failures.ts";
import type { Resource } from "../resources.ts";
import { checkBuiltIn } from "./checks.ts";
import { applyBuiltInDefaults } from "./defaults.ts";
import type { ServiceAllocator } from "./service-defaults.ts";

/** What a kube-apiserver does to its own kinds before it stores them: defaults, then checks. Changes `object`. */
export function admitBuiltIn(
  resource: Resource,
  object: AnyObject,
  how: {
    readonly before: AnyObject | undefined;
    readonly allocator: ServiceAllocator;
    readonly inside: boolean;
  },
): void {
  if (resource.kind.custom) return;
  applyBuiltInDefaults(resource.collection, object, how);
  const causes = checkBuiltIn(resource.collection, { object, ...how });
  if (causes.length > 0) throw invalidObject(resource, object.metadata.name ?? "", causes);
}
