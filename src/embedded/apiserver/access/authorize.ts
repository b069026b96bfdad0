import { collectionOf } from "../../../api/kind.ts";
import type { Attributes } from "../../../api/rbac-access.ts";
import { failure } from "../../../api/status.ts";
import type { Address } from "../rest/address.ts";
import type { Exchange } from "../rest/exchange.ts";
import type { Authorizer } from "./authorizer.ts";

/** Open to everybody whatever the roles say: whether the server is up, and which one it is. */
const OPEN_PATHS = /^\/(healthz|livez|readyz|version)(\/|$)/;

/** May the caller do what the request asks? Throws 403 with Kubernetes' text (spec E-215). */
export async function authorize(exchange: Exchange, address: Address, authorizer: Authorizer): Promise<void> {
  const wanted = attributesOf(exchange, address);
  const { caller } = exchange;
  if (OPEN_PATHS.test(exchange.path)) return;
  if ((await authorizer.decide(caller, wanted)).allowed) return;
  if (wanted.path !== undefined)
    throw failure(403, "Forbidden", {
      message: `forbidden: User "${caller.name}" cannot ${wanted.verb} path "${wanted.path}"`,
      details: {},
    });
  throw refusal(caller.name, wanted);
}

function refusal(user: string, wanted: Attributes) {
  const { group, resource, subresource, name, namespace, verb } = wanted;
  const full = subresource === "" ? resource : `${resource}/${subresource}`;
  const scope = namespace === "" ? "at the cluster scope" : `in the namespace "${namespace}"`;
  const qualified = collectionOf({ group, plural: resource });
  const subject = name === "" ? qualified : `${qualified} "${name}"`;
  const message =
    `${subject} is forbidden: User "${user}" cannot ${verb} resource "${full}" in API group ` +
    `"${group}" ${scope}`;
  const details = {
    ...(name === "" ? {} : { name }),
    ...(group === "" ? {} : { group }),
    kind: resource,
  };
  return failure(403, "Forbidden", { message, details });
}

function attributesOf(exchange: Exchange, address: Address): Attributes {
  const none = { group: "", version: "", resource: "", subresource: "", name: "", namespace: "" };
  if (address.type === "review") {
    const { group, plural, version } = address.review;
    return { ...none, verb: "create", group, version, resource: plural, namespace: address.namespace };
  }
  if (address.type !== "resource")
    return { ...none, verb: exchange.request.method.toLowerCase(), path: exchange.path };
  const { resource, name, subresource } = address;
  return {
    verb: verbOf(exchange, address),
    group: resource.group,
    version: resource.version,
    resource: resource.plural,
    subresource,
    name,
    // A namespace is one of its own.
    namespace: resource.collection === "namespaces" ? name : address.namespace,
  };
}

function verbOf(exchange: Exchange, address: Extract<Address, { type: "resource" }>): string {
  const watch = exchange.query.get("watch");
  const watching = address.watch || (watch !== null && watch !== "false" && watch !== "0");
  switch (exchange.request.method) {
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return address.name === "" ? "deletecollection" : "delete";
    default:
      if (address.name !== "") return "get";
      return watching ? "watch" : "list";
  }
}
