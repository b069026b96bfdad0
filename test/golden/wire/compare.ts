import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { HeaderLines } from "./byte-reader.ts";
import type { Seen } from "./scripted-client.ts";
import type { SeenRequest } from "./seen-request.ts";

/** Compares what was seen with what was recorded; each difference is a sentence. */

type Wanted = Record<string, unknown>;

export function fits(want: unknown, got: unknown): boolean {
  if (typeof want !== "object" || want === null || Array.isArray(want)) return isDeepStrictEqual(want, got);
  const rule = want as Wanted;
  if (rule.any) return got !== undefined && got !== null;
  if (rule.optional) return true;
  if (typeof rule.regex === "string")
    return typeof got === "string" && new RegExp(`^(?:${rule.regex})$`, "s").test(got);
  if (Array.isArray(rule.contains))
    return typeof got === "string" && rule.contains.every((part) => got.includes(String(part)));
  if (Array.isArray(rule.range)) {
    return typeof got === "number" && got >= Number(rule.range[0]) && got <= Number(rule.range[1]);
  }
  if (typeof rule.length === "number") {
    if (typeof got !== "string" || got.length !== rule.length) return false;
    return (
      rule.sha256 === undefined || createHash("sha256").update(got, "latin1").digest("hex") === rule.sha256
    );
  }
  if (typeof got !== "object" || got === null) return false;
  const keys = Object.keys(rule);
  return (
    keys.length === Object.keys(got).length && keys.every((key) => fits(rule[key], (got as Wanted)[key]))
  );
}

/** Lines that only ebb adds, on purpose: they tell who made an answer. */
const OURS = new Set(["x-ebb-error", "x-request-id"]);

export function compareHeaders(
  where: string,
  want: Wanted,
  got: HeaderLines,
  options: { open?: boolean; nameCase?: boolean } = {},
): string[] {
  const errors: string[] = [];
  const wanted = new Set(Object.keys(want).map((name) => name.toLowerCase()));
  for (const [name, value] of Object.entries(want)) {
    const have = got.filter(([known]) => known.toLowerCase() === name.toLowerCase()).map(([, text]) => text);
    if (isRule(value, "optional")) continue;
    if (have.length === 0) {
      errors.push(`${where}: header ${name} is missing, want ${JSON.stringify(value)}`);
      continue;
    }
    if (isRule(value, "any")) continue;
    const values = Array.isArray(value) ? value : [value];
    if (values.length !== have.length || !values.every((one, index) => fits(one, have[index]))) {
      errors.push(`${where}: header ${name}: want ${JSON.stringify(value)}, got ${JSON.stringify(have)}`);
    }
    if (options.nameCase && !got.some(([known]) => known === name)) {
      errors.push(`${where}: header name ${name} is spelled otherwise`);
    }
  }
  if (options.open) return errors;
  for (const [name, value] of got) {
    if (wanted.has(name.toLowerCase()) || OURS.has(name.toLowerCase())) continue;
    errors.push(`${where}: unexpected header ${name}: ${value}`);
  }
  return errors;
}

function isRule(value: unknown, key: string): boolean {
  return typeof value === "object" && value !== null && (value as Wanted)[key] === true;
}

const SCALARS = [
  ..."status reason proto framing body closed truncated stalled noResponse rest connectError extra upgraded".split(
    " ",
  ),
  ..."clientClosed gone resetCode goaway podName contentType fields requestCountSum proxiedRequestCountSum".split(
    " ",
  ),
  ..."avgConcurrencySum avgProxiedConcurrencySum open stepTimeout timeout exitCode".split(" "),
];
const NEVER_BY_SURPRISE = new Set([
  "truncated",
  "noResponse",
  "connectError",
  "extra",
  "stalled",
  "stepTimeout",
]);

export function compareClient(where: string, want: Wanted, got: Seen): string[] {
  const errors: string[] = [];
  const differs = (key: string, value: unknown) =>
    errors.push(`${where}: ${key}: want ${brief(want[key])}, got ${brief(value)}`);
  for (const key of SCALARS) {
    if (key in want) {
      const wants = key === "framing" && Array.isArray(want[key]) ? (want[key] as unknown[]) : [want[key]];
      if (!wants.some((one) => fits(one, got[key]))) differs(key, got[key]);
    } else if (NEVER_BY_SURPRISE.has(key) && got[key] !== undefined && want.counts === undefined) {
      errors.push(`${where}: unexpected ${key}: ${brief(got[key])}`);
    }
  }
  const headers = want.headers as Wanted | undefined;
  if (headers) {
    const options = { open: want.headersOpen === true, nameCase: want.nameCase === true };
    errors.push(...compareHeaders(where, headers, got.headers ?? [], options));
  }
  for (const name of (want.absentHeaders ?? []) as string[]) {
    if (got.headers?.some(([known]) => known.toLowerCase() === name.toLowerCase())) {
      errors.push(`${where}: header ${name} must be absent`);
    }
  }
  errors.push(...compareTrailers(where, want, got), ...compareInterim(where, want, got));
  if (want.afterMs !== undefined && !within(want.afterMs, got.doneMs)) differs("afterMs", got.doneMs);
  if (want.firstByteMs !== undefined && !within(want.firstByteMs, got.headMs))
    differs("firstByteMs", got.headMs);
  const responses = want.responses as Wanted[] | undefined;
  if (responses) {
    const count = got.responses?.length ?? 0;
    if (count !== responses.length) errors.push(`${where}: want ${responses.length} responses, got ${count}`);
    responses.forEach((one, index) => {
      const seen = got.responses?.[index];
      if (seen) errors.push(...compareClient(`${where}[${index}]`, one, seen));
    });
  }
  return errors;
}

function compareTrailers(where: string, want: Wanted, got: Seen): string[] {
  if (want.trailers) return compareHeaders(`${where} trailers`, want.trailers as Wanted, got.trailers ?? []);
  return got.trailers && "status" in want ? [`${where}: unexpected trailers ${brief(got.trailers)}`] : [];
}

function compareInterim(where: string, want: Wanted, got: Seen): string[] {
  const wanted = (want.interim ?? []) as { status: number; headers?: Wanted }[];
  const statuses = (list: { status: number }[]) => list.map(({ status }) => status);
  if (!isDeepStrictEqual(statuses(wanted), statuses(got.interim ?? []))) {
    return [`${where}: interim: want ${brief(wanted)}, got ${brief(got.interim)}`];
  }
  return wanted.flatMap(({ headers }, index) => {
    if (!headers) return [];
    return compareHeaders(`${where} interim`, headers, got.interim?.[index]?.headers ?? []);
  });
}

function within(range: unknown, value: number | undefined): boolean {
  const [least, most] = range as [number, number];
  return value !== undefined && value >= least && value <= most;
}

/** As in `counts`: "200 body". */
export function outcomeOf(seen: Seen): string {
  if (seen.status !== undefined) return `${seen.status} ${(seen.body ?? "").slice(0, 60).trim()}`;
  if (seen.connectError !== undefined) return `connect ${seen.connectError}`;
  return `none ${seen.noResponse ?? "None"}`;
}

export interface SeenBackend {
  readonly requests: readonly SeenRequest[];
  readonly connections: number;
  readonly maxActive: number;
}

const REQUEST_SCALARS = [
  "startLine",
  "body",
  "framing",
  "complete",
  "peerClosed",
  "afterEof",
  "resetCode",
  "reset",
  "raw",
] as const;

export function compareBackend(where: string, want: Wanted, got: SeenBackend): string[] {
  const errors: string[] = [];
  const wanted = want.requests as Wanted[] | undefined;
  if (wanted) {
    if (wanted.length !== got.requests.length) {
      const lines = got.requests.map(({ startLine }) => startLine);
      errors.push(`${where}: want ${wanted.length} requests, got ${got.requests.length}: ${brief(lines)}`);
    }
    const seen = want.unordered ? [...got.requests].sort(byText) : got.requests;
    const order = want.unordered ? [...wanted].sort(byText) : wanted;
    order.forEach((one, index) => {
      const request = seen[index];
      if (request) errors.push(...compareRequest(`${where}.requests[${index}]`, one, request));
    });
  }
  if ("requestCount" in want && !fits(want.requestCount, got.requests.length)) {
    errors.push(`${where}: requestCount: want ${brief(want.requestCount)}, got ${got.requests.length}`);
  }
  for (const key of ["connections", "maxActive"] as const) {
    if (key in want && !fits(want[key], got[key])) {
      errors.push(`${where}: ${key}: want ${brief(want[key])}, got ${got[key]}`);
    }
  }
  return errors;
}

function compareRequest(where: string, want: Wanted, got: SeenRequest): string[] {
  const errors: string[] = [];
  for (const key of REQUEST_SCALARS) {
    const value = (got as unknown as Wanted)[key];
    if (key in want && !fits(want[key], value))
      errors.push(`${where}: ${key}: want ${brief(want[key])}, got ${brief(value)}`);
  }
  if (want.headers) {
    const options = { nameCase: want.nameCase === true };
    errors.push(...compareHeaders(where, want.headers as Wanted, got.headers, options));
  }
  if (want.trailers)
    errors.push(...compareHeaders(`${where} trailers`, want.trailers as Wanted, got.trailers ?? []));
  return errors;
}

function byText(left: unknown, right: unknown): number {
  const key = (value: unknown) => `${(value as Wanted).startLine} ${(value as Wanted).body}`;
  return key(left) < key(right) ? -1 : 1;
}

function brief(value: unknown): string {
  return (JSON.stringify(value) ?? "nothing").slice(0, 400);
}
