import { type FieldCause, invalidValue, nonNegative } from "../field-cause.ts";
import type { Lease } from "./kind.ts";

const FORM = "2006-01-02T15:04:05.000000Z07:00";

export function leaseCauses({ spec = {} }: Lease): FieldCause[] {
  const { leaseDurationSeconds: duration } = spec;
  return [
    ...(duration !== undefined && duration <= 0
      ? [invalidValue("spec.leaseDurationSeconds", duration, "must be greater than 0")]
      : []),
    ...nonNegative("spec.leaseTransitions", spec.leaseTransitions),
  ];
}

/** Times with microseconds must have them, all six digits, or Go cannot read the body. */
export function microTimeProblem(text: string): string | undefined {
  const match = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{6})?(Z|[+-]\d{2}:\d{2})$/.exec(text);
  if (match?.[1] !== undefined) return undefined;
  const [rest, wanted] = match ? [match[2], ".000000"] : [text, "2006"];
  return `parsing time ${JSON.stringify(text)} as "${FORM}": cannot parse ${JSON.stringify(rest)} as "${wanted}"`;
}
