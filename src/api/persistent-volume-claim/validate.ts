import { parseQuantity, quantityText } from "../../base/quantity.ts";
import { type FieldCause, forbidden, invalidValue, required, unsupported } from "../field-cause.ts";
import type { PersistentVolumeClaim } from "./kind.ts";
import type { PersistentVolumeClaimSpec } from "./spec.ts";

const MODES = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

/** Kubernetes' default; changes the spec. */
export function defaultClaim(spec: PersistentVolumeClaimSpec): void {
  spec.volumeMode ??= "Filesystem";
}

export function claimCauses({ spec }: PersistentVolumeClaim): FieldCause[] {
  const { accessModes = [], resources } = spec;
  const causes: FieldCause[] = [];
  if (accessModes.length === 0)
    causes.push(required("spec.accessModes", "at least 1 access mode is required"));
  for (const mode of accessModes)
    if (!MODES.includes(mode)) causes.push(unsupported("spec.accessModes", mode, MODES));
  if (accessModes.includes("ReadWriteOncePod") && accessModes.length > 1)
    causes.push(forbidden("spec.accessModes", "may not use ReadWriteOncePod with other access modes"));
  const storage = resources?.requests?.storage;
  if (storage === undefined) return [...causes, required("spec.resources[storage]")];
  const quantity = parseQuantity(String(storage));
  return quantity.nanos > 0n
    ? causes
    : [
        ...causes,
        invalidValue("spec.resources[storage]", quantityText(quantity), "must be greater than zero"),
      ];
}
