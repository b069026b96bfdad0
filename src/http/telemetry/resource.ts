import type { Attributes } from "../../base/metrics.ts";

/** OpenTelemetry's attributes of a program that measures itself; `version`: ebb's own. */
export function programAttributes({ version }: { version: string }): Attributes {
  return {
    "service.version": version,
    "telemetry.sdk.language": "nodejs",
    "telemetry.sdk.name": "ebb",
    "telemetry.sdk.version": version,
  };
}
