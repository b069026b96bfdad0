import { AGE_DESCRIPTION } from "../../../api/age.ts";
import { type AnyObject, isRecord, valueAt } from "../any-object.ts";
import type { Written } from "../commit.ts";
import type { Target } from "../context.ts";
import { badRequest, methodNotAllowed } from "../failures.ts";
import { getObject } from "../verbs/get.ts";
import { scaleOf, updateScale } from "../verbs/scale.ts";
import { formOf } from "./accept.ts";
import { decodeJson } from "./body.ts";
import type { ApiResponse, Exchange } from "./exchange.ts";
import { patchRequested } from "./patch-request.ts";
import { respondText } from "./respond.ts";
import type { RestContext } from "./rest-context.ts";
import {
  ageOf,
  type IncludeObject,
  includeObjectOf,
  NAME_DESCRIPTION,
  partialMetadata,
  rowOf,
  tableOfOne,
} from "./table.ts";
import { writeOptionsOf } from "./write-options.ts";

/** GET, PUT and PATCH of /scale (spec E-213). */
export async function onScale(
  context: RestContext,
  exchange: Exchange,
  target: Target,
): Promise<ApiResponse> {
  const written = async (writing: Promise<Written>) => {
    const result = await writing;
    await context.storage.whenDurable(result.revision);
    return respondScale(context, exchange, scaleOf(result.object));
  };
  switch (exchange.request.method) {
    case "GET": {
      const entry = await getObject(context, target, exchange.caller);
      return respondScale(context, exchange, scaleOf(JSON.parse(entry.json) as AnyObject));
    }
    case "PUT": {
      const options = writeOptionsOf(exchange, "UpdateOptions");
      return written(updateScale(context, { target, scale: decodeScale(exchange) }, options));
    }
    case "PATCH":
      return written(patchRequested(context, exchange, { target, subresource: "scale" }));
    default:
      throw methodNotAllowed();
  }
}

function respondScale(context: RestContext, exchange: Exchange, scale: AnyObject): Promise<ApiResponse> {
  const form = formOf(exchange.request.headers.accept, false, { protobuf: true });
  const shown =
    form.as === "Table"
      ? scaleTable(scale, includeObjectOf(exchange.query.get("includeObject")), context.clock.wall())
      : form.as === "PartialObjectMetadata"
        ? partialMetadata(scale)
        : scale;
  return respondText(exchange, { status: 200, text: JSON.stringify(shown), form });
}

const column = (name: string, type: string, description: string) => ({
  name,
  type,
  format: "",
  description,
  priority: 0,
});

const COLUMNS = [
  column("Name", "string", NAME_DESCRIPTION),
  column("Desired", "integer", "replicas is the desired number of instances for the scaled object."),
  column("Available", "integer", "replicas is the actual number of observed instances of the scaled object."),
  column("Age", "string", AGE_DESCRIPTION),
];

function scaleTable(scale: AnyObject, include: IncludeObject, nowMs: number): unknown {
  const { name, resourceVersion, creationTimestamp } = scale.metadata;
  const replicas = (part: string) => valueAt(scale, [part, "replicas"]) ?? 0;
  const cells = [name, replicas("spec"), replicas("status"), ageOf(creationTimestamp, nowMs)];
  return tableOfOne(resourceVersion, COLUMNS, rowOf(cells, scale, include));
}

function decodeScale(exchange: Exchange): AnyObject {
  const scale = decodeJson(exchange.request.body);
  if (!isRecord(scale)) throw badRequest("the body is not a Scale");
  const { kind = "Scale", apiVersion = "autoscaling/v1" } = scale;
  if (kind !== "Scale")
    throw badRequest(
      `${kind} in version "v1" cannot be handled as a Scale: no kind "${kind}" is registered for version ` +
        `"${apiVersion}" in scheme "pkg/runtime/scheme.go:110"`,
    );
  return { ...scale, metadata: isRecord(scale.metadata) ? scale.metadata : {} } as AnyObject;
}
