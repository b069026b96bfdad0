import { type ApiError, failure } from "../../../api/status.ts";
import type { Conflict } from "./ownership.ts";
import { pathText } from "./path-element.ts";

/** A conflict as Kubernetes tells it; `describe` gives an owner's name and way of writing. */
export function applyConflict(conflicts: readonly Conflict[], describe: (owner: string) => string): ApiError {
  const causes = conflicts.map(({ owner, path }) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${describe(owner)}`,
    field: pathText(path),
  }));
  return failure(409, "Conflict", { message: textOf(conflicts, describe), details: { causes } });
}

function textOf(conflicts: readonly Conflict[], describe: (owner: string) => string): string {
  const [only] = conflicts;
  if (only && conflicts.length === 1)
    return `Apply failed with 1 conflict: conflict with ${describe(only.owner)}: ${pathText(only.path)}`;
  const byOwner = new Map<string, string[]>();
  for (const { owner, path } of conflicts)
    byOwner.set(owner, [...(byOwner.get(owner) ?? []), `- ${pathText(path)}`]);
  const owners = [...byOwner.keys()].sort();
  const lines = owners.flatMap((owner) => [
    `conflicts with ${describe(owner)}:`,
    ...(byOwner.get(owner) ?? []),
  ]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join("\n")}`;
}
