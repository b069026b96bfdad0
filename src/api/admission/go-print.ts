/**
 * Values as Go prints them in messages: `%+v` of Kubernetes' structs, and behind a pointer the text that such a type
 * makes of itself. What a pointer to a plain value holds is shown; Go shows its address.
 */
import { parseQuantity, type Quantity } from "../../base/quantity.ts";
import { type Field, type Fields, fieldsOf, LATER, parseFields, simpleName } from "../go-types.ts";

type Json = Readonly<Record<string, unknown>>;

const MAP = "map:";

/** Knative's own structs, in the form of the table of Kubernetes'. */
const OWN: Readonly<Record<string, Fields | undefined>> = {
  "serving.v1.RevisionTemplateSpec": parseFields(
    "1 metadata meta.v1.ObjectMeta e ObjectMeta, 2 spec serving.v1.RevisionSpec e",
  ),
  "serving.v1.RevisionSpec": parseFields(
    "1 - core.v1.PodSpec i, 2 containerConcurrency number pe, 3 timeoutSeconds number pe, " +
      "4 responseStartTimeoutSeconds number pe, 5 idleTimeoutSeconds number pe",
  ),
};

/** In Go's order, without what later versions of Kubernetes added. */
export function knownFields(type: string): readonly Field[] {
  const later = LATER[type] ?? [];
  return [...(OWN[type] ?? fieldsOf(type)).values()].filter(({ name }) => !later.includes(name));
}

export function isStruct(type: string): boolean {
  return type.includes(".");
}

/** `%+v` of a field's value. */
export function printed(field: Field, value: unknown): string {
  const { type, isList, isPointer } = field;
  if (isList) {
    const items = Array.isArray(value) ? value : [];
    return `[${items.map((item) => printedValue(type, item)).join(" ")}]`;
  }
  if (type.startsWith(MAP)) {
    const entries = Object.entries(isRecord(value) ? value : {}).sort(([a], [b]) => (a < b ? -1 : 1));
    const inner = type.slice(MAP.length);
    return `map[${entries.map(([key, one]) => `${key}:${printedValue(inner, one)}`).join(" ")}]`;
  }
  if (!isPointer) return printedValue(type, value);
  if (isStruct(type)) return isRecord(value) ? `&${ownText(type, value)}` : "nil";
  return value === undefined || value === null ? "<nil>" : printedValue(type, value);
}

/** `%+v` of a value that is no pointer. */
export function printedValue(type: string, value: unknown): string {
  if (isStruct(type)) {
    const object = isRecord(value) ? value : {};
    const parts = knownFields(type).map((field) => `${field.goName}:${printed(field, held(field, object))}`);
    return `{${parts.join(" ")}}`;
  }
  if (type === "intOrString") {
    const { kind, number, text } = intOrString(value);
    return `{Type:${kind} IntVal:${number} StrVal:${text}}`;
  }
  if (type !== "quantity") return plain(type, value);
  const { value: amount, scale, text, format } = quantity(value);
  return `{i:{value:${amount} scale:${scale}} d:{Dec:<nil>} s:${text} Format:${format}}`;
}

/** What a message says of itself (String of its generated code). */
function ownText(type: string, value: Json): string {
  const parts = knownFields(type).map((field) => `${field.goName}:${ownField(field, held(field, value))},`);
  return `${simpleName(type)}{${parts.join("")}}`;
}

function ownField({ type, isList, isPointer }: Field, value: unknown): string {
  if (isList) {
    const items = Array.isArray(value) ? value : [];
    if (!isStruct(type)) return `[${items.map((item) => plain(type, item)).join(" ")}]`;
    return `[]${simpleName(type)}{${items.map((item) => `${ownText(type, item as Json)},`).join("")}}`;
  }
  if (type.startsWith(MAP)) {
    const entries = Object.entries(isRecord(value) ? value : {}).sort(([a], [b]) => (a < b ? -1 : 1));
    const inner = type.slice(MAP.length);
    return `map[string]string{${entries.map(([key, one]) => `${key}: ${ownValue(inner, one)},`).join("")}}`;
  }
  if (!isPointer) return isStruct(type) ? ownText(type, isRecord(value) ? value : {}) : ownValue(type, value);
  if (isStruct(type)) return isRecord(value) ? `&${ownText(type, value)}` : "nil";
  return value === undefined || value === null ? "nil" : `*${ownValue(type, value)}`;
}

function ownValue(type: string, value: unknown): string {
  if (type === "intOrString") {
    const { kind, number, text } = intOrString(value);
    return `{${kind} ${number} ${text}}`;
  }
  if (type !== "quantity") return plain(type, value);
  const { value: amount, scale, text, format } = quantity(value);
  return `{{${amount} ${scale}} {<nil>} ${text} ${format}}`;
}

/** An embedded struct's fields stand among those of the object around it. */
function held(field: Field, object: Json): unknown {
  return field.isInline ? object : object[field.name];
}

function plain(type: string, value: unknown): string {
  if (value === undefined || value === null) return type === "number" ? "0" : type === "flag" ? "false" : "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function intOrString(value: unknown) {
  return typeof value === "string"
    ? { kind: 1, number: 0, text: value }
    : { kind: 0, number: Number(value ?? 0), text: "" };
}

function quantity(value: unknown) {
  const parsed: Quantity = parseQuantity(String(value ?? "0"));
  const { nanos, scale = 0, text = "", format } = parsed;
  return { value: nanos / 10n ** BigInt(scale + 9), scale, text, format };
}

export function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
