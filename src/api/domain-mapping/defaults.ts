import { setUserInfo } from "../admission/metadata.ts";
import type { Context } from "../admission/request.ts";
import type { DomainMapping } from "./kind.ts";

/** spec A-099. */
export function defaultDomainMapping(
  context: Context,
  mapping: DomainMapping,
  old: DomainMapping | undefined,
): void {
  const { ref } = mapping.spec;
  const { namespace } = mapping.metadata;
  if (ref !== undefined && (ref.namespace ?? "") === "" && namespace !== undefined) ref.namespace = namespace;
  setUserInfo(context, mapping, old);
}
