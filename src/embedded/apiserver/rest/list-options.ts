import { failure } from "../../../api/status.ts";
import { badRequest, type Cause, invalid } from "../failures.ts";

/** The query parameters of lists and watches, checked as Kubernetes checks them (spec E-205). */

export function integerOf(text: string | null): number | undefined {
  if (text === null || text === "") return undefined;
  if (!/^[+-]?\d+$/.test(text))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

/** Go's reading of a query flag: present and not false. */
export function flagOf(text: string | null): boolean {
  return text !== null && text !== "false" && text !== "0";
}

const LIST_OPTIONS = { kind: "ListOptions", group: "meta.k8s.io" };
const MATCH = "resourceVersionMatch";

function versionProblem(text: string): string | undefined {
  if (/^\d+$/.test(text)) return undefined;
  return `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`;
}

function forbidden(field: string, message: string): Cause {
  return { reason: "FieldValueForbidden", message: `Forbidden: ${message}`, field };
}

function tooLargeVersion(asked: string, current: number) {
  const message = `Timeout: Too large resource version: ${asked}, current: ${current}`;
  const causes = [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }];
  return failure(504, "Timeout", { message: message, details: { causes, retryAfterSeconds: 1 } });
}

/** The version that a list asks for; undefined = the newest. */
export function checkListVersion(
  query: URLSearchParams,
  now: number,
): { readonly revision: number; readonly exact: boolean } | undefined {
  const version = query.get("resourceVersion") ?? "";
  const match = query.get(MATCH) ?? "";
  const causes: Cause[] = [];
  if (match !== "") {
    if (version === "")
      causes.push(forbidden(MATCH, "resourceVersionMatch is forbidden unless resourceVersion is provided"));
    if (query.get("continue"))
      causes.push(forbidden(MATCH, "resourceVersionMatch is forbidden when continue is provided"));
    if (match !== "Exact" && match !== "NotOlderThan") {
      const message = `Unsupported value: ${JSON.stringify(match)}: supported values: "Exact", "NotOlderThan", ""`;
      causes.push({ reason: "FieldValueNotSupported", message, field: MATCH });
    }
    if (match === "Exact" && version === "0")
      causes.push(forbidden(MATCH, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
  }
  if (query.get("sendInitialEvents") !== null)
    causes.push(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  if (causes.length > 0) throw invalid(LIST_OPTIONS, "", causes);
  if (version === "" || version === "0") return undefined;
  const problem = versionProblem(version);
  if (problem !== undefined) throw badRequest(`invalid resource version: ${problem}`);
  if (Number(version) > now && !query.get("continue")) throw tooLargeVersion(version, now);
  return { revision: Number(version), exact: match === "Exact" };
}

/** A get may ask for an object not older than a version. */
export function checkGetVersion(query: URLSearchParams, now: number): void {
  const version = query.get("resourceVersion") ?? "";
  const problem = version === "" ? undefined : versionProblem(version);
  if (problem !== undefined) throw failure(500, "", problem);
  if (version !== "" && Number(version) > now) throw tooLargeVersion(version, now);
}

export interface WatchOptions {
  /** undefined = from what exists now. */
  readonly from: number | undefined;
  readonly initialEvents: boolean | undefined;
  readonly bookmarks: boolean;
  readonly timeoutSeconds: number | undefined;
}

export function watchOptionsOf(query: URLSearchParams): WatchOptions {
  const timeoutSeconds = integerOf(query.get("timeoutSeconds"));
  integerOf(query.get("limit"));
  const initial = query.get("sendInitialEvents");
  const match = query.get(MATCH) ?? "";
  const causes: Cause[] = [];
  if (initial === null) {
    if (match !== "")
      causes.push(
        forbidden(MATCH, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"),
      );
  } else if (match !== "NotOlderThan")
    causes.push(forbidden(MATCH, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
  if (match !== "" && match !== "NotOlderThan") {
    const message = `Unsupported value: ${JSON.stringify(match)}: supported values: "NotOlderThan"`;
    causes.push({ reason: "FieldValueNotSupported", message, field: MATCH });
  }
  if (causes.length > 0) throw invalid(LIST_OPTIONS, "", causes);
  const version = query.get("resourceVersion") ?? "";
  const problem = version === "" ? undefined : versionProblem(version);
  if (problem !== undefined) throw failure(500, "", problem);
  return {
    from: version === "" ? undefined : Number(version),
    initialEvents: initial === null ? undefined : flagOf(initial),
    bookmarks: flagOf(query.get("allowWatchBookmarks")),
    timeoutSeconds,
  };
}
