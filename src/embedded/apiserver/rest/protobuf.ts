import { type Field, type Fields, fieldsOf, goTypeOf, parseFields } from "../../../api/go-types.ts";

/**
 * Kubernetes' protobuf bodies of built-in kinds, which typed clients prefer: decoded into what the same client would
 * have written as JSON (spec E-198). Fields that the table of Go's types does not know are passed over.
 */

export const MAGIC = Uint8Array.of(0x6b, 0x38, 0x73, 0);
const DEPTH_MAX = 64;

/** Whether a body begins as all of Kubernetes' protobuf messages do. */
export function isProtobuf(body: Uint8Array): boolean {
  return MAGIC.every((byte, index) => body[index] === byte);
}

/** The object of a body; undefined when it is of no known kind. Throws RangeError when it cannot be read. */
export function decodeProtobuf(body: Uint8Array): Record<string, unknown> | undefined {
  if (!isProtobuf(body)) return undefined;
  const envelope = new Map([...partsOf(body.subarray(MAGIC.length))].map((part) => [part.field, part]));
  const type = decodeFields(envelope.get(1)?.bytes ?? EMPTY, TYPE, 0);
  const { apiVersion = "", kind = "" } = type as { apiVersion?: string; kind?: string };
  const message = goTypeOf(kind === "DeleteOptions" ? kind : `${apiVersion}/${kind}`);
  const raw = envelope.get(2)?.bytes;
  if (message === undefined || !raw) return undefined;
  return { apiVersion, kind, ...decodeFields(raw, fieldsOf(message), 0) };
}

const TYPE = parseFields("1 apiVersion text e, 2 kind text e");
const INT_OR_STRING = parseFields("1 type number e, 2 number number e, 3 text text e");
const TIME = parseFields("1 seconds number e, 2 nanos number e");

function decodeFields(bytes: Uint8Array, fields: Fields, depth: number): Record<string, unknown> {
  if (depth > DEPTH_MAX) throw new RangeError("a protobuf message is nested too deeply");
  // A map, because a name such as __proto__ is a key like any other.
  const found = new Map<string, unknown>();
  for (const part of partsOf(bytes)) {
    const field = fields.get(part.field);
    if (!field) continue;
    if (field.type.startsWith("map:")) addEntry(found, field, { part, depth });
    else {
      const value = valueOfPart(part, field.type, depth);
      if (field.isInline) for (const [name, inner] of Object.entries(value as object)) found.set(name, inner);
      else if (field.isList) listAt(found, field.name).push(value);
      else if (!isDropped(value, field)) found.set(field.name, value);
    }
  }
  return Object.fromEntries(found);
}

/** What Go's JSON leaves out, and empty structs beside it, which mean the same. */
function isDropped(value: unknown, { isPointer, omitsEmpty }: Field): boolean {
  if (value === undefined) return true;
  if (isPointer) return false;
  if (typeof value === "object" && value !== null) return Object.keys(value).length === 0;
  return omitsEmpty && (value === "" || value === 0 || value === false);
}

function listAt(found: Map<string, unknown>, name: string): unknown[] {
  const list = (found.get(name) as unknown[] | undefined) ?? [];
  found.set(name, list);
  return list;
}

function addEntry(
  found: Map<string, unknown>,
  { name, type }: Field,
  { part, depth }: { part: Part; depth: number },
): void {
  const valueType = type.slice("map:".length);
  const entry = decodeFields(part.bytes, parseFields(`1 key text, 2 value ${valueType} p`), depth + 1);
  const { key = "", value = emptyOf(valueType) } = entry;
  const entries = Object.entries((found.get(name) as object | undefined) ?? {});
  found.set(name, Object.fromEntries([...entries, [String(key), value]]));
}

function emptyOf(type: string): unknown {
  return type === "text" || type === "bytes" ? "" : {};
}

function valueOfPart(part: Part, type: string, depth: number): unknown {
  switch (type) {
    case "text":
      return textOf(part.bytes);
    case "number":
      return part.number;
    case "flag":
      return part.number !== 0;
    case "double":
      return part.bytes.length === 8 ? Buffer.from(part.bytes).readDoubleLE() : 0;
    case "bytes":
      return Buffer.from(part.bytes).toString("base64");
    default:
      return structOf(part.bytes, type, depth + 1);
  }
}

function structOf(bytes: Uint8Array, type: string, depth: number): unknown {
  switch (type) {
    case "time":
    case "microTime":
      return timeOf(decodeFields(bytes, TIME, depth), type === "microTime");
    case "duration":
      throw new RangeError("a duration cannot be read from protobuf");
    case "quantity":
      return decodeFields(bytes, parseFields("1 text text"), depth).text ?? "0";
    case "items":
      return decodeFields(bytes, parseFields("1 items text l"), depth).items ?? [];
    case "json":
      return jsonOf(decodeFields(bytes, parseFields("1 raw bytes"), depth).raw);
    case "intOrString": {
      const value = decodeFields(bytes, INT_OR_STRING, depth);
      return value.type === 1 ? (value.text ?? "") : (value.number ?? 0);
    }
    default:
      return decodeFields(bytes, fieldsOf(type), depth);
  }
}

/** RFC 3339; undefined for Go's zero time, which is written as an empty message. */
function timeOf(fields: Record<string, unknown>, isMicro: boolean): string | undefined {
  const { seconds, nanos = 0 } = fields as { seconds?: number; nanos?: number };
  if (seconds === undefined) return undefined;
  const text = new Date(seconds * 1000).toISOString().slice(0, "yyyy-mm-ddThh:mm:ss".length);
  return isMicro ? `${text}.${String(Math.floor(nanos / 1000)).padStart(6, "0")}Z` : `${text}Z`;
}

function jsonOf(base64: unknown): unknown {
  if (typeof base64 !== "string" || base64 === "") return undefined;
  const text = Buffer.from(base64, "base64").toString("utf8");
  try {
    return JSON.parse(text);
  } catch {
    throw new RangeError(`a protobuf field holds no JSON: ${text.slice(0, 60)}`);
  }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

interface Part {
  readonly field: number;
  readonly number: number;
  /** Empty for plain numbers. */
  readonly bytes: Uint8Array;
}

const EMPTY = new Uint8Array(0);

function* partsOf(bytes: Uint8Array): Generator<Part> {
  const cursor = { at: 0 };
  while (cursor.at < bytes.length) {
    const tag = varint(bytes, cursor);
    const field = Math.floor(tag / 8);
    const wire = tag % 8;
    if (wire === 0) yield { field, number: varint(bytes, cursor), bytes: EMPTY };
    else {
      const length = wire === 2 ? varint(bytes, cursor) : wire === 1 ? 8 : wire === 5 ? 4 : -1;
      if (length < 0) throw new RangeError(`a protobuf field has the unknown wire type ${wire}`);
      const end = cursor.at + length;
      if (end > bytes.length) throw new RangeError("a protobuf field is longer than its message");
      yield { field, number: 0, bytes: bytes.subarray(cursor.at, end) };
      cursor.at = end;
    }
  }
}

const NEGATIVE_BYTES = 10;

function varint(bytes: Uint8Array, cursor: { at: number }): number {
  let value = 0n;
  for (let count = 0; count < NEGATIVE_BYTES; count++) {
    const byte = bytes[cursor.at++];
    if (byte === undefined) throw new RangeError("a protobuf number is cut off");
    value |= BigInt(byte & 0x7f) << BigInt(7 * count);
    if (byte < 0x80) return Number(BigInt.asIntN(64, value));
  }
  throw new RangeError("a protobuf number is too long");
}
