import { failure } from "../../api/status.ts";
import { type AnyObject, isRecord, sameJson } from "./any-object.ts";

/**
 * Each status field has one writer (DESIGN §4 Writers). With a table, a status write that changes another actor's
 * field is refused; production passes none. A field is `conditions[Ready]` or a top-level name of status.
 */
export interface StatusWriters {
  /** The only actor that may write the field; undefined = not declared, everybody may. */
  ownerOf(kind: string, field: string): string | undefined;
}

export function checkWriters(
  writers: StatusWriters | undefined,
  actor: string,
  change: { readonly before: AnyObject; readonly after: AnyObject },
): void {
  if (!writers) return;
  const kind = change.after.kind ?? "";
  for (const field of changedFields(change.before.status, change.after.status)) {
    const owner = writers.ownerOf(kind, field);
    if (owner === undefined || owner === actor) continue;
    const { namespace = "", name = "" } = change.after.metadata;
    throw failure(
      403,
      "Forbidden",
      `${actor} may not write status.${field} of ${kind} ${namespace}/${name}: it belongs to ${owner}`,
    );
  }
}

function changedFields(before: unknown, after: unknown): string[] {
  const old = isRecord(before) ? before : {};
  const now = isRecord(after) ? after : {};
  const names = new Set([...Object.keys(old), ...Object.keys(now)]);
  return [...names].flatMap((name) => {
    if (sameJson(old[name], now[name])) return [];
    return name === "conditions" ? changedConditions(old[name], now[name]) : [name];
  });
}

function changedConditions(before: unknown, after: unknown): string[] {
  const old = byType(before);
  const now = byType(after);
  const types = new Set([...old.keys(), ...now.keys()]);
  return [...types]
    .filter((type) => !sameJson(old.get(type), now.get(type)))
    .map((type) => `conditions[${type}]`);
}

function byType(conditions: unknown): Map<string, unknown> {
  const list = Array.isArray(conditions) ? conditions : [];
  return new Map(list.map((condition) => [isRecord(condition) ? String(condition.type) : "", condition]));
}
