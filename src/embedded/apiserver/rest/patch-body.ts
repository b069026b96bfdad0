import { failure } from "../../../api/status.ts";
import type { Patch } from "../../../kube/client.ts";
import { badRequest, unsupportedMediaType } from "../failures.ts";
import type { Resource } from "../resources.ts";
import { decodeJson, decodeYaml } from "./body.ts";
import type { Exchange } from "./exchange.ts";

type PatchType = Patch["type"] | "apply";

const TYPES: Readonly<Record<string, PatchType>> = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  "application/apply-patch+yaml": "apply",
};

const ACCEPTED = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/apply-patch+yaml",
  "application/apply-patch+cbor",
];

/** What a PATCH wants; its content type names the patch type (spec E-203, E-204). */
export type DecodedPatch =
  | Patch
  | { readonly type: "apply"; readonly configuration: unknown; readonly duplicates: string | undefined };

/** The patch type that the content type names. Throws ApiError where the resource takes none such. */
export function patchTypeOf({ request, warnings }: Exchange, resource: Resource): PatchType {
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
  return type;
}

export async function decodePatch(exchange: Exchange, type: PatchType): Promise<DecodedPatch> {
  const { body: bytes } = exchange.request;
  if (type === "apply") {
    const { value, duplicates } = await decodeYaml(bytes);
    return { type, configuration: value, duplicates };
  }
  const body = decodeJson(bytes, "error decoding patch: ");
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
