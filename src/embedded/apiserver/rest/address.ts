import { percentDecoded } from "../../../base/percent.ts";
import { REVIEWS, type Review } from "../access/reviews.ts";
import type { Resource, Resources } from "../resources.ts";

/** What a path names (spec E-199: how unknown ones are answered differs between built-in and custom groups). */
export type Address =
  | {
      readonly type: "resource";
      readonly resource: Resource;
      /** "" where the path names none: all namespaces, or a cluster-scoped kind. */
      readonly namespace: string;
      /** "" for the collection. */
      readonly name: string;
      readonly subresource: string;
      /** The old form /watch/ before the rest. */
      readonly watch: boolean;
    }
  /** A question that is answered but never stored. */
  | { readonly type: "review"; readonly review: Review; readonly namespace: string }
  /** The path is below a known group and version, but names nothing that is there. */
  | { readonly type: "unknown-resource" }
  | { readonly type: "other" };

export function addressOf(path: string, resources: Resources): Address {
  const parts = path.split("/").slice(1).map(percentDecoded);
  const core = parts[0] === "api";
  if (!core && parts[0] !== "apis") return { type: "other" };
  const [group, version] = core ? ["", parts[1]] : [parts[1] ?? "", parts[2]];
  const rest = parts.slice(core ? 2 : 3);
  if (rest.at(-1) === "") rest.pop();
  if (version === undefined || rest.length === 0) return { type: "other" };
  const watch = rest[0] === "watch" && rest.length > 1;
  if (watch) rest.shift();
  const asked = reviewAt({ group, version }, rest);
  if (asked) return asked;
  const found = locate(resources, { group, version }, rest);
  if (found) return { ...found, watch };
  const builtIn = core || !group.includes(".") || group.endsWith(".k8s.io");
  return builtIn && (resources.hasGroup(group) || REVIEWS.some((one) => one.group === group))
    ? { type: "unknown-resource" }
    : { type: "other" };
}

function reviewAt(
  { group, version }: { readonly group: string; readonly version: string },
  parts: readonly string[],
): Address | undefined {
  const [namespace, plural] =
    parts[0] === "namespaces" && parts.length === 3 ? [parts[1] ?? "", parts[2]] : ["", parts[0]];
  if (namespace === "" && parts.length !== 1) return undefined;
  const review = REVIEWS.find(
    (one) => one.group === group && one.version === version && one.plural === plural,
  );
  return review && review.namespaced === (namespace !== "")
    ? { type: "review", review, namespace }
    : undefined;
}

function locate(
  resources: Resources,
  { group, version }: { readonly group: string; readonly version: string },
  parts: readonly string[],
) {
  const found = (plural: string | undefined) => resources.find(group, version, plural ?? "");
  const [first, namespace = "", plural, name = "", subresource = "", ...more] = parts;
  if (first === "namespaces" && plural !== undefined) {
    const resource = found(plural);
    if (resource?.kind.namespaced && more.length === 0)
      return { type: "resource" as const, resource, namespace, name, subresource };
  }
  const resource = found(first);
  if (!resource || parts.length > 3) return undefined;
  const [, ownName = "", ownSubresource = ""] = parts;
  if (resource.kind.namespaced && ownName !== "") return undefined;
  return { type: "resource" as const, resource, namespace: "", name: ownName, subresource: ownSubresource };
}
