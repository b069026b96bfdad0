import { parseDocument } from "yaml";
import { ConfigError } from "./reader.ts";

/** Parses a YAML value inside a ConfigMap; `goType`: what Knative calls the type, when the value is of another. */
export function parseYaml(text: string, goType: string): Readonly<Record<string, unknown>> {
  const document = parseDocument(text, { schema: "yaml-1.1" });
  const error = document.errors[0];
  if (error !== undefined) {
    throw new ConfigError(`error converting YAML to JSON: yaml: line 1: ${complaintOf(text, error.message)}`);
  }
  const value: unknown = document.toJS();
  if (value === null || value === undefined) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw wrongType(value, `Go value of type ${goType}`);
  return value as Record<string, unknown>;
}

/** A value of another type than Go wants. `into`: `Go value of type T`, or `Go struct field S.f of type T`. */
export function wrongType(value: unknown, into: string): ConfigError {
  const kind = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  return new ConfigError(
    `error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${kind} into ${into}`,
  );
}

/** Go's parser says it in its own words; only the most frequent mistake, an open list, is translated. */
function complaintOf(text: string, message: string): string {
  if (!/flow sequence/i.test(message)) return message;
  return /\[\s*$/.test(text) ? "did not find expected node content" : "did not find expected ',' or ']'";
}
