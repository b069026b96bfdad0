/**
 * A kind's shape as data. From it come the TypeScript type (`TypeOf`), OpenAPI, pruning of unknown fields and the
 * checks that a CustomResourceDefinition's structural schema would make.
 */
export interface Schema<T = unknown> {
  readonly type:
    | "object"
    | "array"
    | "map"
    | "string"
    | "integer"
    | "number"
    | "boolean"
    | "intOrString"
    | "any";
  /** Type-level only; never set. */
  readonly of?: T;
  readonly description?: string;
  readonly nullable?: boolean;
  /** OpenAPI format: int32, int64, double, date-time, micro-time (with six digits of a second), byte, quantity. */
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly default?: unknown;
  /** object: known fields and which of them must be present. */
  readonly fields?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  /** object: keep fields that are not listed (x-kubernetes-preserve-unknown-fields). */
  readonly preserveUnknown?: boolean;
  /** array and map: what is inside. */
  readonly items?: Schema;
  /** array: x-kubernetes-list-type and its keys, for server-side apply and strategic merge. */
  readonly listType?: "atomic" | "set" | "map";
  readonly listKeys?: readonly string[];
  /** object, map: x-kubernetes-map-type. */
  readonly mapType?: "atomic" | "granular";
  /**
   * Go writes the field even when it is empty (a struct held by value, a list without omitempty): it is there before
   * anybody sets it, so that whoever fills it in owns its content but not the field itself.
   */
  readonly alwaysWritten?: boolean;
  readonly openApi?: OpenApiNotes;
}

/** What OpenAPI shows and no structural check looks at: the kind's own validation does, in its own words. */
export interface OpenApiNotes {
  /** Kubernetes' name of the type, `core.v1.Probe`; `meta.` is for what all of its kinds share. */
  readonly type?: string;
  /** Fields that Kubernetes calls required though a request without them gets as far as validation. */
  readonly required?: readonly string[];
  /** The known values of a string. */
  readonly enum?: readonly string[];
  /** What is said of the type wherever it stands; `description` is of the field. */
  readonly typeDescription?: string;
}

export type TypeOf<S extends Schema> = NonNullable<S["of"]>;

type Fields = Readonly<Record<string, Schema>>;
type ObjectOf<R extends Fields, O extends Fields> = { -readonly [K in keyof R]: TypeOf<R[K]> } & {
  -readonly [K in keyof O]?: TypeOf<O[K]>;
};

type Notes = Partial<Omit<Schema, "type" | "of" | "fields" | "required" | "items">>;

export function object<R extends Fields, O extends Fields>(
  required: R,
  optional: O,
  notes?: Notes,
): Schema<ObjectOf<R, O>> {
  return { type: "object", fields: { ...required, ...optional }, required: Object.keys(required), ...notes };
}

export function array<S extends Schema>(items: S, notes?: Notes): Schema<TypeOf<S>[]> {
  return { type: "array", items, ...notes };
}

export function map<S extends Schema>(items: S, notes?: Notes): Schema<Record<string, TypeOf<S>>> {
  return { type: "map", items, ...notes };
}

export function string<T extends string = string>(notes?: Notes & { enum?: readonly T[] }): Schema<T> {
  return { type: "string", ...notes };
}

export function integer(notes?: Notes): Schema<number> {
  return { type: "integer", ...notes };
}

export function boolean(notes?: Notes): Schema<boolean> {
  return { type: "boolean", ...notes };
}

export function intOrString(notes?: Notes): Schema<number | string> {
  return { type: "intOrString", ...notes };
}

/** The schema under the name that Kubernetes gives its type; `required` as in OpenApiNotes. */
export function named<S extends Schema>(type: string, schema: S, required?: readonly string[]): S {
  return { ...schema, openApi: { type, ...(required === undefined ? {} : { required }) } };
}

/** A string of which OpenAPI lists the known values; the kind's own validation judges it. */
export function choice(values: readonly string[], notes?: Notes): Schema<string> {
  return { type: "string", openApi: { enum: values }, ...notes };
}

/** Any JSON value, kept as it is. */
export function any(notes?: Notes): Schema<unknown> {
  return { type: "any", preserveUnknown: true, ...notes };
}
