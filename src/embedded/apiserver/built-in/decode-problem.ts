import { type Field, fieldsOf, goTypeOf, simpleName } from "../../../api/go-types.ts";
import { apiVersionOf, type Kind } from "../../../api/kind.ts";
import { microTimeProblem } from "../../../api/lease/validate.ts";
import type { Schema } from "../../../api/schema.ts";
import { base64Problem } from "../../../api/secret/validate.ts";
import { structuralErrors } from "../../../api/structural.ts";
import { messageOf } from "../../../base/errors.ts";
import { parseQuantity } from "../../../base/quantity.ts";
import { type AnyObject, isRecord } from "../any-object.ts";

/** The first value of a wrong type in a built-in object, in the words of Go's decoder; undefined = all fit. */
export function decodeProblem(kind: Kind, object: AnyObject): string | undefined {
  const error = structuralErrors(kind.schema, object).find(
    ({ reason }) => reason === "FieldValueTypeInvalid",
  );
  if (!error) return formatProblem(kind.schema, object);
  const value = valueAtPath(object, error.field);
  const given = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  const number = typeof value === "number" && !Number.isInteger(value) ? ` ${value}` : "";
  const { path, struct, type } = placeOf(kind, error.field);
  return `json: cannot unmarshal ${given}${number} into Go struct field ${struct}.${path.join(".")} of type ${type}`;
}

interface Place {
  /** As Go tells it: with the names of embedded structs, without keys and indexes. */
  path: string[];
  struct: string;
  type: string;
}

const MAP = "map:";

/** Where in Go's types a field stands that is told as `spec.containers[0].env`. */
function placeOf(kind: Kind, told: string): Place {
  const place: Place = { path: [], struct: kind.kind, type: "string" };
  let message = goTypeOf(`${apiVersionOf(kind)}/${kind.kind}`) ?? "";
  let schema: Schema | undefined = kind.schema;
  for (const part of told.split(".")) {
    const [name = ""] = part.split("[");
    if (message.startsWith(MAP)) {
      message = message.slice(MAP.length);
      schema = schema?.items;
      place.type = goType(message, schema);
      continue;
    }
    const { field, embedded } = fieldIn(message, name);
    place.path.push(...embedded, name);
    place.struct = message === "" ? kind.kind : simpleName(message);
    schema = schema?.type === "array" ? schema.items?.fields?.[name] : schema?.fields?.[name];
    message = field?.type ?? "";
    const list = field?.isList === true && !part.endsWith("]") ? "[]" : "";
    place.type = list + goType(message, schema);
  }
  return place;
}

/** The field, and the embedded structs that it stands in. */
function fieldIn(message: string, name: string): { readonly field?: Field; readonly embedded: string[] } {
  for (const field of fieldsOf(message).values()) {
    if (field.name === name) return { field, embedded: [] };
    const inside = field.isInline ? fieldIn(field.type, name) : undefined;
    if (inside?.field) return { field: inside.field, embedded: [simpleName(field.type), ...inside.embedded] };
  }
  return { embedded: [] };
}

const GO_TYPES: Readonly<Record<string, string>> = {
  flag: "bool",
  double: "float64",
  bytes: "[]uint8",
  "map:text": "map[string]string",
  "map:bytes": "map[string][]uint8",
  "map:quantity": "v1.ResourceList",
};

function goType(message: string, schema: Schema | undefined): string {
  const known = GO_TYPES[message];
  if (known !== undefined) return known;
  if (message === "number") return schema?.format ?? schema?.items?.format ?? "int32";
  // A struct is told with its package alone: `v1.Container`.
  return message.includes(".") ? message.split(".").slice(-2).join(".") : "string";
}

/** Quantities, times and base64 are decoded too: one that cannot be read makes the whole body unreadable. */
function formatProblem(schema: Schema | undefined, value: unknown): string | undefined {
  if (schema === undefined || value === undefined || value === null) return undefined;
  if (!Array.isArray(value) && !isRecord(value)) return textProblem(schema.format, String(value));
  const parts: [Schema | undefined, unknown][] = Array.isArray(value)
    ? value.map((item) => [schema.items, item])
    : Object.entries(value).map(([name, item]) => [schema.items ?? schema.fields?.[name], item]);
  for (const [inner, item] of parts) {
    const problem = formatProblem(inner, item);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function textProblem(format: string | undefined, text: string): string | undefined {
  if (format === "byte") return base64Problem(text);
  if (format === "micro-time") return microTimeProblem(text);
  if (format !== "quantity") return undefined;
  try {
    parseQuantity(text);
    return undefined;
  } catch (thrown) {
    return messageOf(thrown);
  }
}

function valueAtPath(object: unknown, field: string): unknown {
  return field.split(/[.[\]]+/).reduce((value: unknown, part) => {
    if (part === "") return value;
    if (Array.isArray(value)) return value[Number(part)];
    return isRecord(value) ? value[part] : undefined;
  }, object);
}
