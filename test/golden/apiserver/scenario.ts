/** The form of http.jsonl and watch.jsonl, as their README tells it. */

export interface Scenario {
  readonly id: string;
  readonly mask?: readonly string[];
  readonly managed?: boolean;
  readonly steps: readonly Step[];
}

export interface Step {
  readonly request?: RecordedRequest;
  readonly watch?: { readonly id: string; readonly path: string; readonly headers?: RecordedHeaders };
  readonly read?: {
    readonly id: string;
    readonly count?: number;
    readonly seconds?: number;
    readonly unordered?: boolean;
    readonly close?: boolean;
  };
  readonly sleep?: number;
  readonly poll?: { readonly seconds: number; readonly until: readonly Condition[] };
  readonly only?: readonly Rule[];
  readonly mask?: readonly string[];
  readonly brief?: boolean;
  readonly response?: unknown;
  readonly events?: unknown;
  readonly ended?: unknown;
}

export type RecordedHeaders = Readonly<Record<string, string | null>>;

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: RecordedHeaders;
  readonly body?: unknown;
  readonly raw?: string;
}

/** Keeps of a list or map at `at` only the members whose `by` is one of `in`. */
export interface Rule {
  readonly at: string;
  readonly by: string;
  readonly in: readonly string[];
}

export interface Condition {
  readonly status?: number;
  readonly at?: string;
  readonly is?: unknown;
  readonly same?: string;
  readonly present?: boolean;
  readonly absent?: boolean;
}

export type Json = Record<string, unknown>;

export function isMap(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a dotted path; a part that holds dots is written with ~ for each. */
export function at(value: unknown, path: string): unknown {
  let found = value;
  for (const part of path === "" ? [] : path.split(".")) {
    const name = part.replaceAll("~", ".");
    if (Array.isArray(found)) found = found[Number(name)];
    else if (isMap(found)) found = found[name];
    else return undefined;
  }
  return found;
}

/** Puts the namespace and values of earlier answers into a request. */
export function fill<T>(value: T, namespace: string, answers: readonly unknown[]): T {
  const filled = (text: string) =>
    text
      .replaceAll("{{ns}}", namespace)
      .replace(/\{\{(\d+):([^}]+)\}\}/g, (_, step: string, path: string) =>
        String(at(answers[Number(step)], path)),
      );
  const walk = (item: unknown): unknown => {
    if (typeof item === "string") return filled(item);
    if (Array.isArray(item)) return item.map(walk);
    if (!isMap(item)) return item;
    return Object.fromEntries(Object.entries(item).map(([name, inner]) => [filled(name), walk(inner)]));
  };
  return walk(value) as T;
}

export function holds(conditions: readonly Condition[], status: number, raw: unknown): boolean {
  return conditions.every((condition) => {
    if (condition.status !== undefined) return status === condition.status;
    const value = at(raw, condition.at ?? "");
    if ("is" in condition && JSON.stringify(value) !== JSON.stringify(condition.is)) return false;
    if (condition.same !== undefined && value !== at(raw, condition.same)) return false;
    if (condition.present && (value === undefined || value === null)) return false;
    return !(condition.absent && value !== undefined && value !== null);
  });
}

/** Takes masked paths off an object, a list's items, a table's row objects and an event's object. */
export function applyMask<T>(body: T, masks: readonly string[]): T {
  const targets: unknown[] = [body];
  if (isMap(body)) {
    if (Array.isArray(body.items)) targets.push(...body.items);
    if (Array.isArray(body.rows))
      targets.push(...body.rows.map((row) => (isMap(row) ? row.object : undefined)));
    targets.push(body.object);
  }
  for (const mask of masks) for (const target of targets) drop(target, mask.split("/"));
  return body;
}

function drop(value: unknown, [head = "", ...rest]: readonly string[]): void {
  if (Array.isArray(value)) {
    if (head === "*") for (const item of value) drop(item, rest);
  } else if (isMap(value)) {
    if (head === "*") for (const item of Object.values(value)) drop(item, rest);
    else if (rest.length === 0) delete value[head];
    else drop(value[head], rest);
  }
}

export function select<T>(body: T, rules: readonly Rule[]): T {
  for (const rule of rules) keepAt(body, rule.at.split("/").filter(Boolean), rule);
  return body;
}

function keepAt(value: unknown, [head, ...rest]: readonly string[], rule: Rule): void {
  if (head === undefined) {
    keepOnly(value, rule);
    return;
  }
  if (head === "*") {
    const inner = Array.isArray(value) ? value : isMap(value) ? Object.values(value) : [];
    for (const item of inner) keepAt(item, rest, rule);
  } else if (isMap(value) && head in value) keepAt(value[head], rest, rule);
}

function keepOnly(value: unknown, rule: Rule): void {
  if (Array.isArray(value)) {
    const name = (item: unknown) => {
      const found = at(item, rule.by);
      return found === undefined ? "None" : String(found);
    };
    const kept = value.filter((item) => rule.in.includes(name(item).split("/")[0] ?? ""));
    value.splice(0, value.length, ...kept.sort((left, right) => (name(left) < name(right) ? -1 : 1)));
  } else if (isMap(value))
    for (const name of Object.keys(value)) if (!rule.in.includes(name)) delete value[name];
}
