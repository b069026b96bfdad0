import { type Field, type Fields, fieldsOf, goTypeOf, parseFields } from "../../../api/go-types.ts";
import { MAGIC } from "./protobuf.ts";

/**
 * Objects as Kubernetes' protobuf, for clients that take nothing else or like it better (spec E-198): the other way of
 * protobuf.ts, by the same table. What the table does not know is left out.
 */

type Json = Readonly<Record<string, unknown>>;

/** undefined for a kind that has no protobuf form: custom resources. */
export function encodeProtobuf(object: Json): Buffer | undefined {
  const fields = fieldsOfKind(object);
  if (fields) return enveloped(object, encodeFields(object, fields));
  const { apiVersion, metadata, items } = object;
  const type = { apiVersion, kind: String(object.kind).replace(/List$/, "") };
  if (!Array.isArray(items) || !fieldsOfKind(type)) return undefined;
  const encoded = items.map((item) => encodeItem(type, item as Json));
  return encodeList({ type: object, metadata: metadata as Json, items: encoded });
}

/** One item of a list, to be given to encodeList; `type` names it, as list items carry no type. */
export function encodeItem(type: Json, item: Json): Buffer {
  return bytesField(2, encodeFields(item, fieldsOfKind(type) ?? EMPTY));
}

/** A list of encoded items. */
export function encodeList(list: {
  readonly type: Json;
  readonly metadata: Json;
  readonly items: Buffer[];
}): Buffer {
  const metadata = bytesField(1, encodeFields(list.metadata, LIST_METADATA));
  return enveloped(list.type, Buffer.concat([metadata, ...list.items]));
}

/** One event of a watch, in the frame that tells its length; undefined as for encodeProtobuf. */
export function encodeWatchEvent(type: string, object: Json): Buffer | undefined {
  const raw = encodeProtobuf(object);
  if (raw === undefined) return undefined;
  const event = Buffer.concat([bytesField(1, text(type)), bytesField(2, bytesField(1, raw))]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(event.length);
  return Buffer.concat([length, event]);
}

function enveloped({ kind, apiVersion }: Json, raw: Buffer): Buffer {
  const type = Buffer.concat([bytesField(1, text(apiVersion)), bytesField(2, text(kind))]);
  const rest = [bytesField(3, Buffer.alloc(0)), bytesField(4, Buffer.alloc(0))];
  return Buffer.concat([MAGIC, bytesField(1, type), bytesField(2, raw), ...rest]);
}

function fieldsOfKind({ kind, apiVersion }: Json): Fields | undefined {
  if (kind === "Status") return STATUS;
  if (kind === "PartialObjectMetadata") return METADATA_ALONE;
  const message = goTypeOf(`${apiVersion}/${kind}`);
  return message === undefined ? undefined : fieldsOf(message);
}

const EMPTY: Fields = new Map();
const METADATA_ALONE = parseFields("1 metadata meta.v1.ObjectMeta e");
const LIST_METADATA = parseFields(
  "1 selfLink text e, 2 resourceVersion text e, 3 continue text e, 4 remainingItemCount number pe",
);

const CAUSE = parseFields("1 reason text e, 2 message text e, 3 field text e");
const DETAILS = parseFields(
  "1 name text e, 2 group text e, 3 kind text e, 4 causes status.Cause l, 5 retryAfterSeconds number e, 6 uid text e",
);
const STATUS = parseFields(
  "2 status text e, 3 message text e, 4 reason text e, 5 details status.Details p, 6 code number e",
);
const OWN: Readonly<Record<string, Fields>> = { "status.Cause": CAUSE, "status.Details": DETAILS };

function encodeFields(value: Readonly<Record<string, unknown>>, fields: Fields): Buffer {
  const parts: Buffer[] = [];
  for (const [number, field] of fields) {
    if (field.isInline) {
      parts.push(bytesField(number, encodeFields(value, structFields(field.type))));
      continue;
    }
    const given = value[field.name];
    if (given === undefined || given === null) continue;
    if (field.type.startsWith("map:")) parts.push(...entries(number, field, given));
    else if (field.isList)
      for (const one of given as unknown[]) parts.push(encodeValue(number, field.type, one));
    else parts.push(encodeValue(number, field.type, given));
  }
  return Buffer.concat(parts);
}

function structFields(type: string): Fields {
  return OWN[type] ?? fieldsOf(type);
}

function entries(number: number, field: Field, value: unknown): Buffer[] {
  const type = field.type.slice("map:".length);
  return Object.entries(value as object).map(([key, one]) =>
    bytesField(number, Buffer.concat([bytesField(1, text(key)), encodeValue(2, type, one)])),
  );
}

function encodeValue(number: number, type: string, value: unknown): Buffer {
  switch (type) {
    case "text":
      return bytesField(number, text(value));
    case "number":
      return numberField(number, Number(value));
    case "flag":
      return numberField(number, value ? 1 : 0);
    case "double": {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(Number(value));
      return Buffer.concat([varint(BigInt(number * 8 + 1)), bytes]);
    }
    case "bytes":
      return bytesField(number, Buffer.from(String(value), "base64"));
    default:
      return bytesField(number, encodeStruct(type, value));
  }
}

function encodeStruct(type: string, value: unknown): Buffer {
  switch (type) {
    case "time":
    case "microTime":
      return timeMessage(String(value));
    case "quantity":
      return bytesField(1, text(value));
    case "items":
      return Buffer.concat((value as unknown[]).map((one) => bytesField(1, text(one))));
    case "json":
      return bytesField(1, text(JSON.stringify(value)));
    case "intOrString":
      return typeof value === "number"
        ? Buffer.concat([numberField(1, 0), numberField(2, value), bytesField(3, Buffer.alloc(0))])
        : Buffer.concat([numberField(1, 1), numberField(2, 0), bytesField(3, text(value))]);
    default:
      return encodeFields(value as Record<string, unknown>, structFields(type));
  }
}

function timeMessage(time: string): Buffer {
  const ms = Date.parse(time);
  const micros = Number((/\.(\d{1,6})/.exec(time)?.[1] ?? "0").padEnd(6, "0"));
  return Buffer.concat([numberField(1, Math.floor(ms / 1000)), numberField(2, micros * 1000)]);
}

function text(value: unknown): Buffer {
  return Buffer.from(String(value ?? ""), "utf8");
}

function bytesField(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([varint(BigInt(number * 8 + 2)), varint(BigInt(bytes.length)), bytes]);
}

function numberField(number: number, value: number): Buffer {
  return Buffer.concat([varint(BigInt(number * 8)), varint(BigInt.asUintN(64, BigInt(Math.trunc(value))))]);
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
