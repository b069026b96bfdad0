import { EbbError } from "../../base/errors.ts";
import { firstOf } from "../annotation.ts";
import { HTTP_PROTOCOL } from "../labels.ts";
import type { Config } from "./config.ts";

/**
 * What plain HTTP is answered with: the object's own annotation, else the cluster's choice (spec C-052). Throws
 * `incorrect-http-protocol` when the annotation says neither.
 */
export function httpOptionOf(
  annotations: Readonly<Record<string, string>> | undefined,
  config: Config,
): "Enabled" | "Redirected" {
  const annotation = firstOf(annotations, HTTP_PROTOCOL);
  const chosen = annotation?.toLowerCase() ?? config.network.httpProtocol;
  if (chosen === "redirected") return "Redirected";
  if (annotation === undefined || chosen === "enabled") return "Enabled";
  throw new EbbError("incorrect-http-protocol", `incorrect http-protocol annotation: ${annotation}`);
}
