/**
 * Kubernetes' protobuf bodies, as far as `kubectl create` of plain kinds sends them (typed clients prefer it). Fields
 * that no table names are passed over. Answers are always JSON, which the same clients accept.
 */
type FieldType = "text" | "number" | "flag" | "textMap" | "intOrString" | Message;

interface Message {
  readonly fields: Readonly<Record<number, readonly [name: string, type: FieldType, repeated?: "list"]>>;
}

const OWNER: Message = {
  fields: {
    1: ["kind", "text"],
    3: ["name", "text"],
    4: ["uid", "text"],
    5: ["apiVersion", "text"],
    6: ["controller", "flag"],
    7: ["blockOwnerDeletion", "flag"],
  },
};

const METADATA: Message = {
  fields: {
    1: ["name", "text"],
    2: ["generateName", "text"],
    3: ["namespace", "text"],
    5: ["uid", "text"],
    6: ["resourceVersion", "text"],
    11: ["labels", "textMap"],
    12: ["annotations", "textMap"],
    13: ["ownerReferences", OWNER, "list"],
    14: ["finalizers", "text", "list"],
  },
};

const SERVICE_PORT: Message = {
  fields: {
    1: ["name", "text"],
    2: ["protocol", "text"],
    3: ["port", "number"],
    4: ["targetPort", "intOrString"],
    5: ["nodePort", "number"],
    6: ["appProtocol", "text"],
  },
};

const SERVICE_SPEC: Message = {
  fields: {
    1: ["ports", SERVICE_PORT, "list"],
    2: ["selector", "textMap"],
    3: ["clusterIP", "text"],
    4: ["type", "text"],
    7: ["sessionAffinity", "text"],
    10: ["externalName", "text"],
  },
};

/** By `apiVersion/kind`. */
const MESSAGES: Readonly<Record<string, Message>> = {
  "v1/Namespace": { fields: { 1: ["metadata", METADATA] } },
  "v1/ConfigMap": {
    fields: { 1: ["metadata", METADATA], 2: ["data", "textMap"], 4: ["immutable", "flag"] },
  },
  "v1/Service": { fields: { 1: ["metadata", METADATA], 2: ["spec", SERVICE_SPEC] } },
};

const MAGIC = Uint8Array.of(0x6b, 0x38, 0x73, 0);
const ENVELOPE: Message = {
  fields: { 1: ["type", { fields: { 1: ["apiVersion", "text"], 2: ["kind", "text"] } }] },
};
const RAW_FIELD = 2;

/** The object of a body; undefined when it is of no known kind. Throws RangeError when it is cut off. */
export function decodeProtobuf(body: Uint8Array): Record<string, unknown> | undefined {
  if (MAGIC.some((byte, index) => body[index] !== byte)) return undefined;
  const envelope = body.subarray(MAGIC.length);
  const { type } = decodeMessage(envelope, ENVELOPE) as { type?: { apiVersion?: string; kind?: string } };
  const message = MESSAGES[`${type?.apiVersion}/${type?.kind}`];
  const raw = [...partsOf(envelope)].find((part) => part.field === RAW_FIELD)?.bytes;
  if (!message || !raw) return undefined;
  return { apiVersion: type?.apiVersion, kind: type?.kind, ...decodeMessage(raw, message) };
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
    else if (wire === 2) {
      const length = varint(bytes, cursor);
      const end = cursor.at + length;
      if (end > bytes.length) throw new RangeError("a protobuf field is longer than its message");
      yield { field, number: 0, bytes: bytes.subarray(cursor.at, end) };
      cursor.at = end;
    } else if (wire === 1 || wire === 5) cursor.at += wire === 1 ? 8 : 4;
    else throw new RangeError(`a protobuf field has the unknown wire type ${wire}`);
  }
}

function varint(bytes: Uint8Array, cursor: { at: number }): number {
  let value = 0;
  for (let shift = 0; shift < 64; shift += 7) {
    const byte = bytes[cursor.at++];
    if (byte === undefined) throw new RangeError("a protobuf number is cut off");
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return value;
  }
  throw new RangeError("a protobuf number is too long");
}

function decodeMessage(bytes: Uint8Array, message: Message): Record<string, unknown> {
  const fields = new Map<string, unknown>();
  for (const part of partsOf(bytes)) {
    const known = message.fields[part.field];
    if (!known) continue;
    const [name, type, repeated] = known;
    if (type === "textMap") addEntry(fields, name, part.bytes);
    else if (repeated)
      fields.set(name, [...((fields.get(name) as unknown[] | undefined) ?? []), valueOfPart(part, type)]);
    else {
      const value = valueOfPart(part, type);
      if (value !== "" && value !== 0) fields.set(name, value);
    }
  }
  return Object.fromEntries(fields);
}

function addEntry(fields: Map<string, unknown>, name: string, bytes: Uint8Array): void {
  const { key = "", value = "" } = decodeMessage(bytes, {
    fields: { 1: ["key", "text"], 2: ["value", "text"] },
  });
  const entries = Object.entries((fields.get(name) as object | undefined) ?? {});
  fields.set(name, Object.fromEntries([...entries, [key, value]]));
}

function valueOfPart({ number, bytes }: Part, type: Exclude<FieldType, "textMap">): unknown {
  if (type === "number") return number;
  if (type === "flag") return number !== 0;
  if (type === "text") return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  if (type !== "intOrString") return decodeMessage(bytes, type);
  const fields = { 1: ["type", "number"], 2: ["number", "number"], 3: ["text", "text"] } as const;
  const value = decodeMessage(bytes, { fields });
  return value.type === 1 ? value.text : (value.number ?? 0);
}
