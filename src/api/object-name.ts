/** What kube-apiserver itself demands of the name of a custom object (errata A-102). */
import type { ObjectMeta } from "./object.ts";
import type { StructuralError } from "./structural.ts";
import { dns1123SubdomainErrors, dns1123SubdomainPrefixErrors } from "./syntax.ts";

export function objectNameErrors(meta: ObjectMeta): StructuralError[] {
  const { name = "", generateName = "" } = meta;
  const errors: StructuralError[] = [];
  if (generateName !== "") {
    errors.push(
      ...invalid("metadata.generateName", generateName, dns1123SubdomainPrefixErrors(generateName)),
    );
  }
  if (name === "") {
    errors.push({
      field: "metadata.name",
      reason: "FieldValueRequired",
      message: "Required value: name or generateName is required",
    });
  } else errors.push(...invalid("metadata.name", name, dns1123SubdomainErrors(name)));
  return errors;
}

function invalid(field: string, value: string, complaints: readonly string[]): StructuralError[] {
  return complaints.map((complaint) => ({
    field,
    reason: "FieldValueInvalid",
    message: `Invalid value: ${JSON.stringify(value)}: ${complaint}`,
  }));
}
