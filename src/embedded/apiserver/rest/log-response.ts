import { type FieldCause, forbidden, invalidValue, nonNegative } from "../../../api/field-cause.ts";
import { failure } from "../../../api/status.ts";
import { type AnyObject, isRecord, valueAt } from "../any-object.ts";
import type { Target } from "../context.ts";
import { badRequest, invalid } from "../failures.ts";
import type { PodLogRequest } from "../pod-logs.ts";
import { getObject } from "../verbs/get.ts";
import type { ApiResponse, Exchange } from "./exchange.ts";
import { flagOf, integerOf } from "./list-options.ts";
import type { RestContext } from "./rest-context.ts";

/** GET of a pod's /log: plain text, followed when asked for (spec E-183, E-213). */
export async function respondLog(
  context: RestContext,
  exchange: Exchange,
  target: Target,
): Promise<ApiResponse> {
  const entry = await getObject(context, target, exchange.caller);
  const pod = JSON.parse(entry.json) as AnyObject;
  const request = requestOf(exchange.query, pod);
  if (!valueAt(pod, ["spec", "nodeName"])) return { status: 204, headers: {}, body: "" };
  const podLogs = context.podLogs();
  if (!podLogs) throw failure(503, "ServiceUnavailable", "no node agent serves the logs of pods here");
  const body = await podLogs.read(request, exchange.request.signal);
  return { status: 200, headers: { "content-type": "text/plain" }, body };
}

function notPositive(field: string, value: number | undefined): FieldCause[] {
  return value === undefined || value > 0 ? [] : [invalidValue(field, value, "must be greater than 0")];
}

function requestOf(query: URLSearchParams, pod: AnyObject): PodLogRequest {
  const { name = "", namespace = "", uid = "" } = pod.metadata;
  const tailLines = integerOf(query.get("tailLines"));
  const limitBytes = integerOf(query.get("limitBytes"));
  const sinceSeconds = integerOf(query.get("sinceSeconds"));
  const sinceTime = query.get("sinceTime");
  const container = containerOf(query.get("container"), pod);
  const causes = [
    ...notPositive("sinceSeconds", sinceSeconds),
    ...nonNegative("tailLines", tailLines),
    ...notPositive("limitBytes", limitBytes),
  ];
  if (sinceTime !== null && sinceSeconds !== undefined)
    causes.push(forbidden("[]", "at most one of `sinceTime` or `sinceSeconds` may be specified"));
  if (causes.length > 0) throw invalid({ kind: "PodLogOptions", group: "" }, name, causes);
  return {
    namespace,
    pod: name,
    uid,
    container,
    follow: flagOf(query.get("follow")),
    previous: flagOf(query.get("previous")),
    timestamps: flagOf(query.get("timestamps")),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(sinceSeconds === undefined ? {} : { sinceSeconds }),
    ...(sinceTime === null ? {} : { sinceTime }),
  };
}

/** The container that is meant; where a pod has several it must be named. */
export function containerOf(asked: string | null, pod: AnyObject): string {
  const names = namesIn(pod, "containers");
  const initNames = namesIn(pod, "initContainers");
  const name = pod.metadata.name ?? "";
  if (asked) {
    if ([...names, ...initNames].includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${name}`);
  }
  const [only] = names;
  if (only !== undefined && names.length + initNames.length === 1) return only;
  const init = initNames.length > 0 ? ` or one of the init containers: [${initNames.join(" ")}]` : "";
  throw badRequest(
    `a container name must be specified for pod ${name}, choose one of: [${names.join(" ")}]${init}`,
  );
}

function namesIn(pod: AnyObject, field: string): string[] {
  const containers = valueAt(pod, ["spec", field]);
  return (Array.isArray(containers) ? containers : [])
    .filter(isRecord)
    .map((container) => String(container.name));
}
