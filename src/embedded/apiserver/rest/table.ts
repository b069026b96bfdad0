import { AGE_DESCRIPTION, CREATED_AT_COLUMN } from "../../../api/age.ts";
import { COLUMN_TEXTS } from "../../../api/column-texts.ts";
import { type Column, collectionOf, type Kind } from "../../../api/kind.ts";
import { type AnyObject, isRecord } from "../any-object.ts";
import { badRequest } from "../failures.ts";

/** meta.k8s.io/v1 Tables: what `kubectl get` prints (spec E-206). */

export const NAME_DESCRIPTION =
  "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a " +
  "client to request the generation of an appropriate name automatically. Name is primarily intended for creation " +
  "idempotence and configuration definition. Cannot be updated. More info: " +
  "https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";
const CREATED = ".metadata.creationTimestamp";

export type IncludeObject = "Metadata" | "Object" | "None";

export function includeObjectOf(text: string | null): IncludeObject {
  if (text === null || text === "") return "Metadata";
  if (text === "Metadata" || text === "Object" || text === "None") return text;
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: "${text}": must be 'Metadata', 'Object', 'None', or empty`,
  );
}

export function columnDefinitions(kind: Kind): unknown[] {
  const first = { name: "Name", type: "string", format: "name", description: NAME_DESCRIPTION, priority: 0 };
  const own = kind.columns.map((column) => definitionOf(column, kind));
  return showsNameItself(kind) ? own : [first, ...own];
}

/** Kinds without columns of their own show when they were created, and an empty list of rows as null. */
export function hasOwnPrinter(kind: Kind): boolean {
  return kind.custom || kind.columns.some((column) => column !== CREATED_AT_COLUMN);
}

/** Events show their name last, and only when asked for more. */
function showsNameItself(kind: Kind): boolean {
  return kind.columns.some(({ name }) => name === "Name");
}

function definitionOf(column: Column, kind: Kind): unknown {
  const path = typeof column.value === "string" ? column.value : undefined;
  const generated =
    path === CREATED
      ? AGE_DESCRIPTION
      : `Custom resource definition column (in JSONPath format): ${path ?? ""}`;
  const text = column.description ?? COLUMN_TEXTS[collectionOf(kind)]?.[column.name];
  const description = text ?? (kind.custom || path === CREATED ? generated : "");
  const { name, type, priority = 0 } = column;
  if (name === "Name") return { name, type, format: "name", description: NAME_DESCRIPTION, priority };
  return { name, type, format: "", description, priority };
}

export function tableRow(
  kind: Kind,
  object: AnyObject,
  how: { readonly include: IncludeObject; readonly nowMs: number },
): unknown {
  const own = kind.columns.map((column) => cellOf(column, object, how.nowMs));
  const cells = showsNameItself(kind) ? own : [object.metadata.name, ...own];
  return rowOf(cells, object, how.include);
}

export function rowOf(cells: readonly unknown[], object: AnyObject, include: IncludeObject): unknown {
  if (include === "None") return { cells, object: null };
  return { cells, object: include === "Object" ? object : partialMetadata(object) };
}

/** The Table of one object. */
export function tableOfOne(resourceVersion: string | undefined, columns: unknown, row: unknown): unknown {
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata: { resourceVersion },
    columnDefinitions: columns,
    rows: [row],
  };
}

export function partialMetadata(object: AnyObject): unknown {
  return { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: object.metadata };
}

function cellOf(column: Column, object: AnyObject, nowMs: number): unknown {
  if (typeof column.value === "function")
    return (column.value as (object: AnyObject, nowMs: number) => string | number)(object, nowMs);
  const value = jsonPath(object, column.value);
  if (column.type === "date") return ageOf(value, nowMs);
  if (value === undefined) return null;
  if (column.type === "string")
    return isRecord(value) || Array.isArray(value) ? JSON.stringify(value) : String(value);
  return value;
}

export function ageOf(value: unknown, nowMs: number): string {
  const created = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(created) ? "<unknown>" : humanDuration(nowMs - created);
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** Ages as kubectl shows them: two units while they are small. */
function humanDuration(ms: number): string {
  if (ms < -SECOND) return "<invalid>";
  if (ms < 0) return "0s";
  const two = (large: number, small: number, names: readonly [string, string]) => {
    const rest = Math.floor((ms % large) / small);
    return `${Math.floor(ms / large)}${names[0]}${rest === 0 ? "" : `${rest}${names[1]}`}`;
  };
  if (ms < 2 * MINUTE) return `${Math.floor(ms / SECOND)}s`;
  if (ms < 10 * MINUTE) return two(MINUTE, SECOND, ["m", "s"]);
  if (ms < 3 * HOUR) return `${Math.floor(ms / MINUTE)}m`;
  if (ms < 8 * HOUR) return two(HOUR, MINUTE, ["h", "m"]);
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)}h`;
  if (ms < 8 * DAY) return two(DAY, HOUR, ["d", "h"]);
  if (ms < 2 * YEAR) return `${Math.floor(ms / DAY)}d`;
  if (ms < 8 * YEAR) return two(YEAR, DAY, ["y", "d"]);
  return `${Math.floor(ms / YEAR)}y`;
}

/** The JSON paths of printer columns: fields (`.a`, `['a\\.b']`), indexes and one filter, `[?(@.type=="Ready")]`. */
function jsonPath(object: unknown, path: string): unknown {
  const step = /\.([^.[\]]+)|\['((?:\\.|[^'\\])*)'\]|\[(\d+)\]|\[\?\(@\.(\w+)\s*==\s*["']([^"']*)["']\)\]/gy;
  let value = object;
  while (step.lastIndex < path.length) {
    const match = step.exec(path);
    if (!match) return undefined;
    const [, plain, quoted, index, filter, wanted] = match;
    const field = plain ?? quoted;
    if (field !== undefined) value = isRecord(value) ? value[field.replace(/\\(.)/g, "$1")] : undefined;
    else if (index !== undefined) value = Array.isArray(value) ? value[Number(index)] : undefined;
    else if (filter !== undefined)
      value = Array.isArray(value)
        ? value.find((item) => isRecord(item) && String(item[filter]) === wanted)
        : undefined;
  }
  return value;
}
