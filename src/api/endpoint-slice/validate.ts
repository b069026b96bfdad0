/** Kubernetes' rules of EndpointSlices, with its texts. */
import {
  duplicate,
  type FieldCause,
  invalidValue,
  invalidValues,
  required,
  unsupported,
} from "../field-cause.ts";
import { dns1123LabelErrors, dns1123SubdomainErrors, isIpv4, isIpv6 } from "../syntax.ts";
import type { EndpointSlice } from "./kind.ts";

const TYPES = ["FQDN", "IPv4", "IPv6"];
const ADDRESSES_MAX = 100;

export interface SliceRules {
  /** A component of the engine: its pods do live on loopback addresses. */
  readonly inside: boolean;
  readonly before: EndpointSlice | undefined;
}

export function sliceCauses(slice: EndpointSlice, { inside, before }: SliceRules): FieldCause[] {
  const { addressType = "", endpoints, ports } = slice;
  const causes = (endpoints ?? []).flatMap(({ addresses }, index) =>
    addressesCauses(addresses ?? [], `endpoints[${index}].addresses`, { addressType, inside }),
  );
  const names = new Set<string>();
  for (const [index, { name = "" }] of (ports ?? []).entries()) {
    const field = `ports[${index}].name`;
    if (names.has(name)) causes.push(duplicate(field, name));
    else if (name !== "") causes.push(...invalidValues(field, name, dns1123LabelErrors(name)));
    names.add(name);
  }
  if (addressType === "") causes.push(required("addressType"));
  else if (!TYPES.includes(addressType)) causes.push(unsupported("addressType", addressType, TYPES));
  if (before && before.addressType !== addressType)
    causes.push(invalidValue("addressType", addressType, "field is immutable"));
  return causes;
}

interface AddressRules {
  readonly addressType: string;
  readonly inside: boolean;
}

function addressesCauses(addresses: readonly string[], field: string, rules: AddressRules): FieldCause[] {
  if (addresses.length === 0) return [required(field, "must contain at least 1 address")];
  if (addresses.length > ADDRESSES_MAX) {
    const message = `Too many: ${addresses.length}: must have at most ${ADDRESSES_MAX} items`;
    return [{ reason: "FieldValueTooMany", message, field }];
  }
  return addresses.flatMap((address, index) => addressCauses(address, `${field}[${index}]`, rules));
}

function addressCauses(address: string, field: string, { addressType, inside }: AddressRules): FieldCause[] {
  if (addressType === "FQDN") return invalidValues(field, address, dns1123SubdomainErrors(address));
  if (addressType === "IPv4" && !isIpv4(address))
    return [invalidValue(field, address, "must be a valid IPv4 address")];
  if (addressType === "IPv6" && !isIpv6(address))
    return [invalidValue(field, address, "must be a valid IPv6 address")];
  const isLoopback = address.startsWith("127.") || address === "::1";
  return isLoopback && !inside
    ? [invalidValue(field, address, "may not be in the loopback range (127.0.0.0/8, ::1/128)")]
    : [];
}
