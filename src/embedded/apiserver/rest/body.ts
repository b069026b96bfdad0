import { apiVersionOf } from "../../../api/kind.ts";
import { findKindOf } from "../../../api/kinds.ts";
import { messageOf } from "../../../base/errors.ts";
import { type AnyObject, isRecord } from "../any-object.ts";
import { badRequest, SCHEME, unsupportedMediaType } from "../failures.ts";
import type { Resource } from "../resources.ts";
import { OFFERED } from "./accept.ts";
import { duplicateFields, endOfText } from "./duplicate-fields.ts";
import type { ApiRequest, Exchange } from "./exchange.ts";
import { readYaml, type YamlBody, YamlProblem } from "./yaml-body.ts";

/** Request bodies: JSON or YAML to an object of the wanted kind, with Kubernetes' words for what is wrong. */

/** Deeper bodies are refused before they are parsed: recursion over them must be bounded. */
const DEPTH_MAX = 512;

export interface DecodedBody {
  readonly object: AnyObject;
  /** `duplicate field "x"` texts for field validation. */
  readonly duplicates: readonly string[];
}

export async function decodeObject(exchange: Exchange, resource: Resource): Promise<DecodedBody> {
  const kind = resource.kind.kind;
  const value = await decodeValue(exchange, resource);
  if (!isRecord(value.parsed)) throw unrecognized(kind, notAnObject(value.parsed), exchange.request.body);
  const object = value.parsed;
  if (resource.kind.custom && object.kind === undefined) throw kindMissing(exchange.request.body, resource);
  checkType(object, resource);
  const metadata = isRecord(object.metadata) ? object.metadata : {};
  checkMetadata(object.metadata, resource);
  // What kind a custom resource's body names is judged after admission (wrong-kind.ts).
  const stated = resource.kind.custom ? object.kind : kind;
  return { object: { ...object, kind: stated, metadata } as AnyObject, duplicates: value.duplicates };
}

async function decodeValue(
  exchange: Exchange,
  resource: Resource,
): Promise<{ parsed: unknown; duplicates: string[] }> {
  const { kind } = resource.kind;
  const { headers, body } = exchange.request;
  const type = (headers["content-type"] ?? "application/json").split(";")[0]?.trim().toLowerCase() ?? "";
  if (type === PROTOBUF && !resource.kind.custom) {
    const why = "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]";
    throw unrecognized(kind, why, body);
  }
  const text = textOf(body);
  if (type === "application/yaml") return parseYaml(text, kind);
  if (type !== "application/json" && type !== "") throw unsupportedMediaType(OFFERED);
  const { value: parsed, problem } = readJson(text);
  if (problem !== undefined)
    throw unrecognized(kind, `couldn't get version/kind; json parse error: ${problem}`, body);
  const overflow = overflowIn(text);
  if (overflow !== undefined)
    throw badRequest(`${kind} in version "${resource.version}" cannot be handled as a ${kind}: ${overflow}`);
  return { parsed, duplicates: duplicateFields(text) };
}

const PROTOBUF = "application/vnd.kubernetes.protobuf";

/** The same request with its protobuf body in JSON; whoever reads bodies knows no protobuf. */
export async function requestInJson(request: ApiRequest): Promise<ApiRequest> {
  const { headers, body } = request;
  if (body.length === 0 || !headers["content-type"]?.toLowerCase().startsWith(PROTOBUF)) return request;
  // The decoder and its table are loaded by the first client that needs them.
  const { decodeProtobuf, isProtobuf } = await import("./protobuf.ts");
  let object: unknown;
  try {
    object = decodeProtobuf(body);
  } catch (thrown) {
    throw badRequest(`the protobuf body of the request cannot be read: ${messageOf(thrown)}`);
  }
  // What is no message at all is refused by whoever knows which kind was wanted.
  if (object === undefined && !isProtobuf(body)) return request;
  if (object === undefined) throw unsupportedMediaType(["application/json", "application/yaml"]);
  return {
    ...request,
    headers: { ...headers, "content-type": "application/json" },
    body: Buffer.from(JSON.stringify(object)),
  };
}

/** Any JSON (patches and options); undefined for an empty body. */
export function decodeJson(body: Uint8Array, prefix = ""): unknown {
  if (body.length === 0) return undefined;
  const text = textOf(body);
  const { value, problem } = readJson(text);
  const wrong = problem ?? overflowIn(text);
  if (wrong !== undefined) throw badRequest(prefix + wrong);
  return value;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

export function textOf(body: Uint8Array): string {
  try {
    return UTF8.decode(body);
  } catch {
    throw badRequest("the body of the request is not valid UTF-8");
  }
}

/** A JSON text's value, or what is wrong with it in the words of Go's decoder, as far as they can be told. */
export function readJson(text: string): { readonly value?: unknown; readonly problem?: string } {
  if (depthOf(text) > DEPTH_MAX) return { problem: "exceeded max depth" };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (thrown) {
    return { problem: problemOf(text, (thrown as Error).message) };
  }
}

function problemOf(text: string, message: string): string {
  if (/end of JSON input|Unterminated/.test(message) || text.trim() === "")
    return "unexpected end of JSON input";
  const position = /position (\d+)/.exec(message)?.[1];
  const char = position === undefined ? (text.trim()[0] ?? "") : (text[Number(position)] ?? "");
  if (char === "") return "unexpected end of JSON input";
  const before = position === undefined ? "" : text.slice(0, Number(position)).trimEnd();
  return `invalid character ${quoted(char)} ${placeOf(before)}`;
}

/** The first number that JSON.parse would silently make infinite, in the words of Go's decoder. */
function overflowIn(text: string): string | undefined {
  // Nearly all bodies have no number of this shape outside their texts either.
  if (!/[eE]\+?\d{3}|\d{309}/.test(text)) return undefined;
  const outsideTexts = text.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  for (const [literal] of outsideTexts.matchAll(/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g))
    if (!Number.isFinite(Number(literal)))
      return `json: cannot unmarshal number ${literal} into Go value of type float64`;
  return undefined;
}

function placeOf(before: string): string {
  const last = before.at(-1) ?? "";
  if (last === "{") return "looking for beginning of object key string";
  if (last === "" || ":[".includes(last)) return "looking for beginning of value";
  if (last === ",") return "looking for beginning of object key string";
  return "after object key:value pair";
}

function quoted(char: string): string {
  return char === "'" ? "'\\''" : `'${char}'`;
}

function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x22) index = endOfText(text, index) - 1;
    else if (code === 0x7b || code === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (code === 0x7d || code === 0x5d) depth--;
  }
  return deepest;
}

async function parseYaml(
  text: string,
  kind: string,
): Promise<{ readonly parsed: unknown; readonly duplicates: string[] }> {
  const refuse = (why: string) => unrecognized(kind, `yaml: ${why}`, new TextEncoder().encode(text));
  if (depthOf(text) > DEPTH_MAX) throw refuse("exceeded max depth");
  try {
    const { value, duplicates } = await readYaml(text);
    return { parsed: value, duplicates: duplicates === undefined ? [] : [duplicates] };
  } catch (thrown) {
    throw thrown instanceof YamlProblem ? refuse(thrown.message) : thrown;
  }
}

/** An apply patch's body: YAML, of which JSON is a part. */
export async function decodeYaml(body: Uint8Array): Promise<YamlBody> {
  const text = textOf(body);
  if (depthOf(text) > DEPTH_MAX) throw badRequest("error decoding YAML: exceeded max depth");
  const json = parsedJson(text);
  if (json !== undefined) return json;
  try {
    return await readYaml(text);
  } catch (thrown) {
    if (!(thrown instanceof YamlProblem)) throw thrown;
    throw badRequest(`error decoding YAML: error converting YAML to JSON: yaml: ${thrown.message}`);
  }
}

/** Most clients send the JSON that YAML allows, which is read far faster. */
function parsedJson(text: string): YamlBody | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    const doubled = duplicateFields(text).map((one) => one.replace(/^duplicate field/, "  line 1: key"));
    if (doubled.length === 0) return { value, duplicates: undefined };
    const lines = doubled.map((one) => `${one.replace(/"[^"]*?([^".[\]]+)"$/, '"$1"')} already set in map`);
    return { value, duplicates: `yaml: unmarshal errors:\n${lines.join("\n")}` };
  } catch {
    return undefined;
  }
}

function unrecognized(kind: string, why: string, body: Uint8Array) {
  const shown = shownBody(body);
  return badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${shown})`);
}

/** The body as the message shows it: as text where it looks like a JSON object, else in hex, cut short. */
function shownBody(body: Uint8Array): string {
  if (body.length === 0) return "<empty>";
  const text = Buffer.from(body).toString("utf8");
  if (text.trimStart().startsWith("{")) return text.length > 1024 ? `${text.slice(0, 1024)} ...` : text;
  const hex = Buffer.from(body.subarray(0, 1024)).toString("hex");
  return body.length > 1024 ? `${hex} ...` : hex;
}

function kindMissing(body: Uint8Array, resource: Resource) {
  const text = Buffer.from(body).toString("utf8");
  const shown = text.length > 30 ? `${text.slice(0, 30)} ...` : text;
  const { kind } = resource.kind;
  return badRequest(
    `the object provided is unrecognized (must be of type ${kind}): Object 'Kind' is missing in '${text}' (${shown})`,
  );
}

function notAnObject(value: unknown): string {
  const type = Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
  return (
    `couldn't get version/kind; json parse error: json: cannot unmarshal ${type} into Go value of type struct ` +
    '{ APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
  );
}

function checkType(object: Record<string, unknown>, resource: Resource): void {
  const wanted = apiVersionOf(resource);
  const kind = object.kind ?? resource.kind.kind;
  const apiVersion = object.apiVersion ?? (resource.kind.custom ? "" : wanted);
  if (kind === resource.kind.kind && apiVersion === wanted) return;
  if (resource.kind.custom) {
    if (apiVersion !== wanted)
      throw badRequest(
        `the API version in the data (${apiVersion}) does not match the expected API version (${wanted})`,
      );
    return;
  }
  const version = String(apiVersion).replace(/^.*\//, "");
  const other = findKindOf(String(apiVersion), String(kind));
  const why =
    other && !other.custom && other !== resource.kind
      ? `converting (${version}.${kind}) to (${internalName(resource)}): unknown conversion`
      : `no kind "${kind}" is registered for version "${apiVersion}" ${SCHEME}`;
  throw badRequest(`${kind} in version "${version}" cannot be handled as a ${resource.kind.kind}: ${why}`);
}

/** A kind as Kubernetes calls it inside: `core.Pod`, `apps.Deployment`, `rbac.Role`. */
function internalName({ group, kind }: Resource): string {
  return `${group === "" ? "core" : group.split(".")[0]}.${kind.kind}`;
}

/** Metadata is every verb's business, so its shape is checked before anything looks at it. */
function checkMetadata(metadata: unknown, resource: Resource): void {
  const wrong = metadataProblem(metadata, resource.kind);
  if (wrong === undefined) return;
  throw badRequest(
    `${resource.kind.kind} in version "${resource.version}" cannot be handled as a ${resource.kind.kind}: ` +
      `json: cannot unmarshal ${wrong}`,
  );
}

function metadataProblem(
  metadata: unknown,
  { kind, custom }: { readonly kind: string; readonly custom: boolean },
): string | undefined {
  if (metadata === undefined || metadata === null) return undefined;
  const goType = (value: unknown) =>
    Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  // Of a custom resource metadata alone has a Go type.
  const into = custom ? "Go struct field ObjectMeta" : "Go struct field ObjectMeta.metadata";
  if (!isRecord(metadata)) {
    const where = custom ? "Go value" : `Go struct field ${kind}.metadata`;
    return `${goType(metadata)} into ${where} of type v1.ObjectMeta`;
  }
  for (const field of ["name", "generateName", "namespace", "uid", "resourceVersion"]) {
    const value = metadata[field];
    if (value !== undefined && value !== null && typeof value !== "string")
      return `${goType(value)} into ${into}.${field} of type string`;
  }
  for (const field of ["labels", "annotations"]) {
    const value = metadata[field];
    if (value === undefined || value === null) continue;
    if (!isRecord(value)) return `${goType(value)} into ${into}.${field} of type map[string]string`;
    const odd = Object.values(value).find((item) => typeof item !== "string");
    if (odd !== undefined) return `${goType(odd)} into ${into}.${field} of type string`;
  }
  const { finalizers, ownerReferences } = metadata;
  if (finalizers !== undefined && finalizers !== null) {
    if (!Array.isArray(finalizers) || finalizers.some((item) => typeof item !== "string"))
      return `value into ${into}.finalizers of type []string`;
  }
  if (ownerReferences !== undefined && ownerReferences !== null) {
    if (!Array.isArray(ownerReferences) || ownerReferences.some((item) => !isRecord(item)))
      return `value into ${into}.ownerReferences of type []v1.OwnerReference`;
  }
  return undefined;
}
