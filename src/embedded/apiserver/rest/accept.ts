import { failure } from "../../../api/status.ts";

/** Which form of an answer a client takes (spec E-198). */
export interface Form {
  readonly format: "json" | "yaml" | "protobuf";
  readonly as:
    | "object"
    | "Table"
    | "PartialObjectMetadata"
    | "PartialObjectMetadataList"
    | "APIGroupDiscoveryList";
}

interface Range {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/** What the text of a 406 lists. */
export const OFFERED = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];

const PROTOBUF = "application/vnd.kubernetes.protobuf";

/** Whether an answer that has a protobuf form is wanted in it. */
export function prefersProtobuf(accept: string | undefined): boolean {
  return rangesOf(accept ?? "")[0]?.type === PROTOBUF;
}

const STREAMS = ["application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"];

export interface Offer {
  readonly watching?: boolean;
  /** What is shown has a protobuf form; the metadata alone of any object has one. */
  readonly protobuf?: boolean;
}

export function formOf(accept: string | undefined, custom: boolean, offer: Offer = {}): Form {
  const { watching = false } = offer;
  if (accept === undefined || accept.trim() === "") return { format: "json", as: "object" };
  const ranges = rangesOf(accept);
  let understood = false;
  for (const range of ranges) {
    const binary = range.type === PROTOBUF ? binaryForm(range, offer) : undefined;
    if (binary) return binary;
    const format = formatOf(range.type, custom);
    if (!format) {
      understood ||= range.type === PROTOBUF;
      continue;
    }
    understood = true;
    const as = transformOf(range);
    if (as) return { format, as };
  }
  throw understood || (custom && !watching) ? refusedTransform() : notAcceptable(watching);
}

function binaryForm(range: Range, { protobuf }: Offer): Form | undefined {
  const as = transformOf(range);
  const isOffered = as === "object" ? protobuf : protobuf !== undefined && as?.startsWith("Partial");
  return as !== undefined && isOffered ? { format: "protobuf", as } : undefined;
}

/** True for a client that would rather read YAML than JSON: failures come in it too. */
export function prefersYaml(accept = ""): boolean {
  return rangesOf(accept).find(({ type }) => formatOf(type, true))?.type === "application/yaml";
}

function refusedTransform() {
  return failure(406, "NotAcceptable", `only the following media types are accepted: ${OFFERED.join(", ")}`);
}

function notAcceptable(watching: boolean) {
  const streams = watching ? STREAMS : [];
  const message = `406: Not Acceptable\n\nAvailable representations: ${[...OFFERED, ...streams].join(", ")}`;
  return failure(406, "NotAcceptable", { message: message, details: {} });
}

function formatOf(type: string, custom: boolean): Form["format"] | undefined {
  if (type === "application/json" || type === "*/*") return "json";
  if (type === "application/*" && custom) return "json";
  return type === "application/yaml" ? "yaml" : undefined;
}

/** undefined where the range asks for a transformation that is not served. */
function transformOf({ parameters }: Range): Form["as"] | undefined {
  const as = parameters.get("as");
  if (as === undefined) return "object";
  const group = parameters.get("g");
  const version = parameters.get("v");
  if (group === "meta.k8s.io" && version === "v1")
    return as === "Table" || as === "PartialObjectMetadata" || as === "PartialObjectMetadataList"
      ? as
      : undefined;
  if (group === "apidiscovery.k8s.io" && version === "v2" && as === "APIGroupDiscoveryList") return as;
  return undefined;
}

function rangesOf(accept: string): Range[] {
  const ranges = accept.split(",").map((text) => {
    const [type = "", ...rest] = text.split(";").map((part) => part.trim());
    const parameters = new Map(rest.map((part) => splitOnce(part)));
    return { type: type.toLowerCase(), parameters, quality: Number(parameters.get("q") ?? "1") };
  });
  return ranges.filter((range) => range.type !== "").sort((left, right) => right.quality - left.quality);
}

function splitOnce(part: string): [string, string] {
  const equals = part.indexOf("=");
  return equals < 0 ? [part, ""] : [part.slice(0, equals).trim(), part.slice(equals + 1).trim()];
}
