/** Recorded objects compared leaf by leaf, after masking what no two clusters have in common. */

export type Leaves = ReadonlyMap<string, string>;

/** What only a cluster's own clockwork or a stand-in writes, or what depends on how often something was written. */
const DROPPED = new Set([
  "managedFields",
  "resourceVersion",
  "selfLink",
  "creationTimestamp",
  "deletionTimestamp",
  "lastTransitionTime",
  "lastUpdateTime",
  "clusterIP",
  "clusterIPs",
  "numActivators",
  "networking.knative.dev/ingress.class",
  "serving.knative.dev/routingStateModified",
  "serving.knative.dev/deployment-hash",
  "endpoints.kubernetes.io/last-change-trigger-time",
]);

/** Leaves by path; list items are found by their name or type where they have one. */
export function leavesOf(object: unknown, replace: (text: string) => string): Leaves {
  const leaves = new Map<string, string>();
  collect(object, "", { leaves, replace });
  return leaves;
}

function collect(
  value: unknown,
  path: string,
  into: { leaves: Map<string, string>; replace: (text: string) => string },
): void {
  if (value === undefined) return;
  if (value === null || typeof value !== "object") {
    const text = typeof value === "string" ? into.replace(value) : JSON.stringify(value);
    into.leaves.set(path, text);
    return;
  }
  const entries = Array.isArray(value) ? listEntries(value) : Object.entries(value);
  const kept = entries.filter(([key]) => !DROPPED.has(key));
  if (entries.length === 0) into.leaves.set(path, Array.isArray(value) ? "[]" : "{}");
  for (const [key, item] of kept) collect(item, `${path}.${key}`, into);
}

function listEntries(list: readonly unknown[]): (readonly [string, unknown])[] {
  for (const field of ["name", "type"]) {
    const has = (item: unknown): item is Record<string, unknown> =>
      typeof item === "object" && item !== null && field in item;
    if (list.length > 0 && list.every(has)) return list.map((item) => [`[${item[field]}]`, item] as const);
  }
  return list.map((item, index) => [`[${index}]`, item] as const);
}

/** Texts that differ by chance: uids, times, addresses and generated endings. */
export function maskText(names: { namespace: string; uids: ReadonlyMap<string, string> }) {
  return (text: string): string => {
    let masked = text;
    for (const [uid, name] of names.uids) masked = masked.replaceAll(uid, name);
    if (names.namespace !== "") masked = masked.replaceAll(names.namespace, "NAMESPACE");
    return masked
      .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "TIME")
      .replace(/"(starttime|nextStepTime)":\d+/g, '"$1":TIME')
      .replace(/-[0-9a-f]{8,10}-[a-z0-9]{5}\b/g, "-HASH-RAND5")
      .replace(/(deployment)-[0-9a-f]{8,10}\b/g, "$1-HASH")
      .replace(/^(\d{1,3}\.){3}\d{1,3}$/, "ADDRESS")
      .replace(/^(POD_IP|CLUSTER_IP)$/, "ADDRESS");
  };
}
