import { isRecord } from "../any-object.ts";

/**
 * An OpenAPI v2 document as protobuf, the only form in which client-go asks for it (spec E-197): the schemas of kinds
 * and, by vendor extension, which kind each of them is. Paths are left out, as nobody reads them there.
 */
export function openApiProtobuf(document: Readonly<Record<string, unknown>>): Buffer {
  const { title = "", version = "" } = isRecord(document.info) ? document.info : {};
  return message([
    text(1, document.swagger),
    field(2, message([text(1, title), text(2, version)])),
    field(8, EMPTY),
    field(9, namedSchemas(document.definitions)),
  ]);
}

/** How clients ask, and what they are answered: an @ is not allowed in an answer's type. */
export const OPENAPI_V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
export const OPENAPI_V2_TYPE = OPENAPI_V2_PROTOBUF.replace("@", ".");

const EMPTY = Buffer.alloc(0);

function schemaMessage(schema: Readonly<Record<string, unknown>>): Buffer {
  const { allOf, additionalProperties, items, required, enum: values } = schema;
  const extensions = Object.entries(schema).filter(([name]) => name.startsWith("x-"));
  return message([
    text(1, schema.$ref),
    text(2, schema.format),
    text(4, schema.description),
    "default" in schema ? field(5, anyMessage(schema.default)) : EMPTY,
    text(13, schema.pattern),
    ...listOf(required).map((name) => text(19, name)),
    ...listOf(values).map((value) => field(20, anyMessage(value))),
    isRecord(additionalProperties) ? field(21, field(1, schemaMessage(additionalProperties))) : EMPTY,
    typeof schema.type === "string" ? field(22, text(1, schema.type)) : EMPTY,
    isRecord(items) ? field(23, field(1, schemaMessage(items))) : EMPTY,
    ...listOf(allOf).map((one) => field(24, schemaMessage(isRecord(one) ? one : {}))),
    isRecord(schema.properties) ? field(25, namedSchemas(schema.properties)) : EMPTY,
    ...extensions.map(([name, value]) => field(31, message([text(1, name), field(2, anyMessage(value))]))),
  ]);
}

function namedSchemas(schemas: unknown): Buffer {
  const entries = Object.entries(isRecord(schemas) ? schemas : {});
  return message(
    entries.map(([name, schema]) =>
      field(1, message([text(1, name), field(2, schemaMessage(isRecord(schema) ? schema : {}))])),
    ),
  );
}

/** Any value travels as YAML, of which JSON is a part. */
function anyMessage(value: unknown): Buffer {
  return text(2, JSON.stringify(value));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function message(parts: readonly Buffer[]): Buffer {
  return Buffer.concat(parts);
}

function text(number: number, value: unknown): Buffer {
  return typeof value === "string" && value !== "" ? field(number, Buffer.from(value, "utf8")) : EMPTY;
}

function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
