import type { CoreService } from "../../api/core-service/kind.ts";
import type { ApiObject } from "../../api/object.ts";
import type { IndexBy } from "../../kube/informer.ts";

type Labels = Readonly<Record<string, string>> | undefined;

export function hasAll(wanted: Readonly<Record<string, string>>, labels: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => labels?.[key] === value);
}

/**
 * Services by the first pair of their selector and pods by all their labels, so that neither is compared with all of
 * the others: whoever shares that pair may belong together.
 */
export const servicesBySelector: IndexBy = {
  name: "selector",
  keysOf(object) {
    const place = firstPair(object as CoreService);
    return place === undefined ? [] : [place];
  },
};

export const podsByLabel: IndexBy = { name: "labels", keysOf: (object) => labelPlaces(object) };

/** Where in `podsByLabel` the pods of a Service are, and where in `servicesBySelector` the Service itself. */
export function firstPair({ metadata, spec }: CoreService): string | undefined {
  if (spec.selector === undefined) return undefined;
  const [first] = Object.entries(spec.selector);
  return placeOf(metadata.namespace, first);
}

/** Where in `servicesBySelector` those are that may select the pod; an empty selector takes them all. */
export function labelPlaces({ metadata }: ApiObject): string[] {
  const { namespace, labels = {} } = metadata;
  return [undefined, ...Object.entries(labels)].map((pair) => placeOf(namespace, pair));
}

function placeOf(namespace: string | undefined, pair: readonly [string, string] | undefined): string {
  return `${namespace ?? ""}/${pair?.join("=") ?? ""}`;
}
