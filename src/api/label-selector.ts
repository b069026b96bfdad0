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
      object(
        { key: string(), operator: string() },
        { values: array(string(), { listType: "atomic" }) },
        { openApi: { type: "meta.v1.LabelSelectorRequirement" } },
      ),
      { listType: "atomic" },
    ),
  },
  { mapType: "atomic", openApi: { type: "meta.v1.LabelSelector" } },
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

/** Whether labels fulfil all that a selector demands; an empty one selects everything. */
export function selects(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((requirement) => fulfils(requirement, labels[requirement.key]))
  );
}

function fulfils({ operator, values = [] }: LabelRequirement, value: string | undefined): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    default:
      return value === undefined;
  }
}
