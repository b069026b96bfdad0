import { failure } from "../../../api/status.ts";
import type { Patch } from "../../../kube/client.ts";
import { badRequest, unsupportedMediaType } from "../failures.ts";
import type { Resource } from "../resources.ts";
import { decodeJson } from "./body.ts";
import type { Exchange } from "./exchange.ts";

const TYPES: Readonly<Record<string, Patch["type"]>> = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
};

const ACCEPTED = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/apply-patch+yaml",
  "application/apply-patch+cbor",
];

/** A PATCH's body; its content type names the patch type (spec E-203). Server-side apply is not served yet. */
export async function decodePatch({ request, warnings }: Exchange, resource: Resource): Promise<Patch> {
  const type = TYPES[(request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? ""];
  if (type === undefined && !resource.kind.custom) {
    warnings.length = 0;
    throw failure(415, "UnsupportedMediaType", { message: "415: Unsupported Media Type", details: {} });
  }
  const accepted = resource.kind.custom
    ? ACCEPTED.slice(0, 3)
    : [...ACCEPTED.slice(0, 2), "application/strategic-merge-patch+json", ...ACCEPTED.slice(2)];
  if (type === undefined || (type === "strategic" && resource.kind.custom))
    throw unsupportedMediaType(accepted);
  const body = decodeJson(request.body, "error decoding patch: ");
  if (body === undefined) throw badRequest("error decoding patch: unexpected end of JSON input");
  if (type === "json" && !Array.isArray(body))
    throw badRequest(
      "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
    );
  if (type !== "json" && Array.isArray(body))
    throw badRequest(
      "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}",
    );
  return { type, body };
}
