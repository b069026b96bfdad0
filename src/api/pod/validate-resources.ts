/** Kubernetes' checks of what a container asks for and may take at most. */
import { compareQuantities, parseQuantity, quantityText } from "../../base/quantity.ts";
import type { ResourceList, ResourceRequirements } from "../container.ts";
import { type FieldCause, invalidValue, invalidValues } from "../field-cause.ts";
import { qualifiedNameErrors } from "../syntax.ts";

const CONTAINER_RESOURCES = new Set(["cpu", "memory", "ephemeral-storage"]);

/** Names without a domain that some object of Kubernetes counts. */
const STANDARD_RESOURCES = new Set([
  ...CONTAINER_RESOURCES,
  ...["requests", "limits"].flatMap((kind) => [...CONTAINER_RESOURCES].map((name) => `${kind}.${name}`)),
  ..."pods services replicationcontrollers resourcequotas secrets configmaps persistentvolumeclaims storage".split(
    " ",
  ),
  ..."requests.storage services.nodeports services.loadbalancers".split(" "),
]);

function resourceNameCauses(name: string, field: string): FieldCause[] {
  const causes = invalidValues(field, name, qualifiedNameErrors(name));
  if (causes.length > 0) return causes;
  if (name.includes("/") || name.startsWith("hugepages-")) return [];
  if (!STANDARD_RESOURCES.has(name))
    causes.push(invalidValue(field, name, "must be a standard resource type or fully qualified"));
  if (!CONTAINER_RESOURCES.has(name))
    causes.push(invalidValue(field, name, "must be a standard resource for containers"));
  return causes;
}

export function resourcesCauses(resources: ResourceRequirements | undefined, at: string): FieldCause[] {
  const { limits = {}, requests = {} } = resources ?? {};
  return [
    ...listCauses(limits, `${at}.limits`),
    ...Object.entries(requests).flatMap(([name, amount]) => [
      ...listCauses({ [name]: amount }, `${at}.requests`),
      ...aboveLimit(name, { request: amount, limit: limits[name] }, `${at}.requests`),
    ]),
  ];
}

function listCauses(list: ResourceList, field: string): FieldCause[] {
  return Object.entries(list).flatMap(([name, amount]) => {
    const at = `${field}[${name}]`;
    const quantity = parseQuantity(String(amount));
    const causes = resourceNameCauses(name, at);
    if (quantity.nanos < 0n)
      causes.push(invalidValue(at, quantityText(quantity), "must be greater than or equal to 0"));
    if (name.includes("/") && quantity.nanos % 1_000_000_000n !== 0n)
      causes.push(invalidValue(at, quantityText(quantity), "must be an integer"));
    return causes;
  });
}

interface Amounts {
  readonly request: number | string;
  readonly limit: number | string | undefined;
}

function aboveLimit(name: string, { request, limit }: Amounts, field: string): FieldCause[] {
  if (limit === undefined) return [];
  const wanted = parseQuantity(String(request));
  const most = parseQuantity(String(limit));
  if (compareQuantities(wanted, most) <= 0) return [];
  const text = `must be less than or equal to ${name} limit of ${quantityText(most)}`;
  return [invalidValue(field, quantityText(wanted), text)];
}
