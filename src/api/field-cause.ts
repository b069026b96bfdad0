/** One field's error as kube-apiserver lists it among a Status' causes, in its words (spec E-199). */
export interface FieldCause {
  readonly reason: string;
  /** Without the field: `Invalid value: …`. */
  readonly message: string;
  readonly field: string;
}

export function invalidValue(field: string, value: unknown, text: string): FieldCause {
  const shown = value === undefined ? "null" : JSON.stringify(value);
  return { reason: "FieldValueInvalid", message: `Invalid value: ${shown}: ${text}`, field };
}

/** One cause for each complaint about the same value. */
export function invalidValues(field: string, value: unknown, complaints: readonly string[]): FieldCause[] {
  return complaints.map((text) => invalidValue(field, value, text));
}

export function forbidden(field: string, text: string): FieldCause {
  return { reason: "FieldValueForbidden", message: `Forbidden: ${text}`, field };
}

export function required(field: string, text = ""): FieldCause {
  return {
    reason: "FieldValueRequired",
    message: `Required value${text === "" ? "" : `: ${text}`}`,
    field,
  };
}

export function unsupported(field: string, value: unknown, supported: readonly string[]): FieldCause {
  const list = supported.map((one) => JSON.stringify(one));
  return {
    reason: "FieldValueNotSupported",
    message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${list.join(", ")}`,
    field,
  };
}

export function duplicate(field: string, value: unknown): FieldCause {
  return { reason: "FieldValueDuplicate", message: `Duplicate value: ${JSON.stringify(value)}`, field };
}

export function notFoundValue(field: string, value: unknown): FieldCause {
  return { reason: "FieldValueNotFound", message: `Not found: ${JSON.stringify(value)}`, field };
}

/** `must be greater than or equal to 0`, for numbers that are there. */
export function nonNegative(field: string, value: unknown): FieldCause[] {
  const text = "must be greater than or equal to 0";
  return typeof value === "number" && value < 0 ? [invalidValue(field, value, text)] : [];
}

/** All in one text, as a Status' message shows them: each once, several in brackets. */
export function causesText(causes: readonly FieldCause[]): string {
  const texts = [...new Set(causes.map(({ field, message }) => `${field}: ${message}`))];
  return texts.length === 1 ? (texts[0] ?? "") : `[${texts.join(", ")}]`;
}
