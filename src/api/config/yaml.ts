import { isCollection, parseDocument, visit } from "yaml";
import { goQuoted } from "../../base/go-quoted.ts";
import { ConfigError } from "./reader.ts";

/** Parses a YAML value inside a ConfigMap; `goType`: what Knative calls the type, when the value is of another. */
export function parseYaml(text: string, goType: string): Readonly<Record<string, unknown>> {
  if (text === "") return {};
  const document = parseDocument(text, { schema: "yaml-1.1" });
  const error = document.errors[0];
  if (error !== undefined) {
    throw new ConfigError(`error converting YAML to JSON: yaml: line 1: ${complaintOf(text, error.message)}`);
  }
  visit(document, {
    Pair(_, { key }) {
      if (isCollection(key)) throw invalidKey(key.toJS(document));
    },
  });
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

/** A template in braces is a map with a map as its key, which JSON has not. */
function invalidKey(key: unknown): ConfigError {
  return new ConfigError(`error converting YAML to JSON: yaml: invalid map key: ${goText(key)}`);
}

/** %#v of a value that Go's YAML reader made. */
function goText(value: unknown): string {
  if (value === null || value === undefined) return "interface {}(nil)";
  if (typeof value === "string") return goQuoted(value);
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `[]interface {}{${value.map(goText).join(", ")}}`;
  const fields = Object.entries(value).map(([name, field]) => `${goQuoted(name)}:${goText(field)}`);
  return `map[interface {}]interface {}{${fields.join(", ")}}`;
}

/** Go's parser says it in its own words; only the most frequent mistake, an open list or map, is translated. */
function complaintOf(text: string, message: string): string {
  const [, kind] = /flow (sequence|map)/i.exec(message) ?? [];
  if (kind === undefined) return message.split("\n", 1)[0] ?? message;
  if (/[[{]\s*$/.test(text)) return "did not find expected node content";
  return `did not find expected ',' or '${kind.toLowerCase() === "map" ? "}" : "]"}'`;
}
