import { type FieldCause, invalidValue } from "../field-cause.ts";
import type { PodDisruptionBudget } from "./kind.ts";

const PERCENT_TEXT =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for " +
  "validation is '[0-9]+%')";

export function budgetCauses({ spec }: PodDisruptionBudget): FieldCause[] {
  const { minAvailable, maxUnavailable } = spec;
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    const shown = { MinAvailable: minAvailable, MaxUnavailable: maxUnavailable };
    return [invalidValue("spec", shown, "minAvailable and maxUnavailable cannot be both set")];
  }
  return [
    ...amountCauses("spec.minAvailable", minAvailable),
    ...amountCauses("spec.maxUnavailable", maxUnavailable),
  ];
}

function amountCauses(field: string, amount: number | string | undefined): FieldCause[] {
  if (amount === undefined) return [];
  if (typeof amount === "number")
    return amount < 0 ? [invalidValue(field, amount, "must be greater than or equal to 0")] : [];
  if (!/^[0-9]+%$/.test(amount)) return [invalidValue(field, amount, PERCENT_TEXT)];
  return Number.parseInt(amount, 10) > 100
    ? [invalidValue(field, amount, "must not be greater than 100%")]
    : [];
}
