import { array, map, object, type Schema, string } from "./schema.ts";

/** metav1.LabelSelector. */
export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: LabelRequirement[];
}

export interface LabelRequirement {
  key: string;
  operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  values?: string[];
}

export const labelSelectorSchema = object(
  {},
  {
    matchLabels: map(string()),
    matchExpressions: array(
      object({ key: string(), operator: string() }, { values: array(string(), { listType: "atomic" }) }),
      { listType: "atomic" },
    ),
  },
  { mapType: "atomic" },
) as Schema as Schema<LabelSelector>;

/** The selector in the short form that tables and query strings use. */
export function labelSelectorText(selector: LabelSelector | undefined): string {
  if (selector === undefined) return "<none>";
  const equalities = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const expressions = (selector.matchExpressions ?? []).map(requirementText);
  const parts = [...equalities, ...expressions].sort();
  return parts.length === 0 ? "<none>" : parts.join(",");
}

function requirementText(requirement: LabelRequirement): string {
  const values = (requirement.values ?? []).join(",");
  switch (requirement.operator) {
    case "In":
      return `${requirement.key} in (${values})`;
    case "NotIn":
      return `${requirement.key} notin (${values})`;
    case "Exists":
      return requirement.key;
    case "DoesNotExist":
      return `!${requirement.key}`;
  }
}
