/** Kubernetes' rules of a ConfigMap's keys and size, with its texts. */
import { type FieldCause, invalidValue, invalidValues } from "../field-cause.ts";
import { configKeyErrors } from "../syntax.ts";
import type { ConfigMap } from "./kind.ts";

const SIZE_MAX = 1024 * 1024;

export function configMapCauses({ data = {}, binaryData = {} }: ConfigMap): FieldCause[] {
  const causes = Object.keys(data).flatMap((key) => [
    ...invalidValues(`data[${key}]`, key, configKeyErrors(key)),
    ...(Object.hasOwn(binaryData, key)
      ? [invalidValue(`data[${key}]`, key, "duplicate of key present in binaryData")]
      : []),
  ]);
  causes.push(
    ...Object.keys(binaryData).flatMap((key) =>
      invalidValues(`binaryData[${key}]`, key, configKeyErrors(key)),
    ),
  );
  const size =
    Object.values(data).reduce((sum, value) => sum + Buffer.byteLength(value), 0) +
    Object.values(binaryData).reduce((sum, value) => sum + Math.floor((value.length * 3) / 4), 0);
  if (size <= SIZE_MAX) return causes;
  const message = `Too long: may not be more than ${SIZE_MAX} bytes`;
  return [...causes, { reason: "FieldValueTooLong", message, field: "[]" }];
}
