import { createHash, timingSafeEqual } from "node:crypto";
import { failure } from "../../../api/status.ts";
import type { Caller } from "../context.ts";
import type { Address } from "./address.ts";
import type { Exchange } from "./exchange.ts";

/** Who asks and whether they may (spec E-215 with errata): a bearer token, impersonation, and administrators. */

export type Identity =
  | { readonly type: "known"; readonly name: string; readonly groups: readonly string[] }
  | { readonly type: "anonymous" }
  /** A token that is not ours. */
  | { readonly type: "invalid" };

const MASTERS = "system:masters";
const AUTHENTICATED = "system:authenticated";

export function administrator(name: string): Identity {
  return { type: "known", name, groups: [MASTERS, AUTHENTICATED] };
}

/** No token, an empty one or another scheme is anonymous; a wrong token is refused. */
export function identityOf(authorization: string | undefined, token: string): Identity {
  const given = /^bearer +(\S+)\s*$/i.exec(authorization ?? "")?.[1];
  if (given === undefined) return { type: "anonymous" };
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(token)) ? administrator("admin") : { type: "invalid" };
}

const ANONYMOUS: Caller = { name: "system:anonymous", groups: ["system:unauthenticated"], inside: false };

/** Throws 401 for a wrong token, 403 for impersonation by somebody who may not. */
export function callerOf(identity: Identity, headers: Readonly<Record<string, string | undefined>>): Caller {
  if (identity.type === "invalid") throw failure(401, "Unauthorized", "Unauthorized");
  const caller: Caller =
    identity.type === "anonymous"
      ? ANONYMOUS
      : { name: identity.name, groups: identity.groups, inside: false };
  const user = headers["impersonate-user"];
  if (user === undefined) return caller;
  if (!isMaster(caller)) {
    const message =
      `users "${user}" is forbidden: User "${caller.name}" cannot impersonate resource "users" in API group "" ` +
      "at the cluster scope";
    throw failure(403, "Forbidden", { message: message, details: { name: user, kind: "users" } });
  }
  const groups = (headers["impersonate-group"] ?? "").split(",").map((group) => group.trim());
  return { name: user, groups: [...groups.filter((group) => group !== ""), AUTHENTICATED], inside: false };
}

function isMaster(caller: Caller): boolean {
  return caller.groups.includes(MASTERS);
}

/** Open to everybody, tokens or not. */
const OPEN_PATHS = /^\/(healthz|livez|readyz|version)(\/|$)/;
/** Open to everybody who has a name. */
const DISCOVERY_PATHS = /^\/(api|apis|openapi)(\/[^/]+){0,2}\/?$|^\/openapi\//;

/** Throws 403 with Kubernetes' text. */
export function authorize(exchange: Exchange, address: Address): void {
  const { caller, path, request } = exchange;
  if (isMaster(caller) || OPEN_PATHS.test(path)) return;
  const known = caller.groups.includes(AUTHENTICATED);
  if (address.type !== "resource") {
    if (known && DISCOVERY_PATHS.test(path)) return;
    const verb = request.method.toLowerCase();
    throw failure(403, "Forbidden", {
      message: `forbidden: User "${caller.name}" cannot ${verb} path "${path}"`,
      details: {},
    });
  }
  const { resource, name, subresource } = address;
  const collection = resource.collection === "namespaces";
  const namespace = collection ? name : address.namespace;
  const full = subresource === "" ? resource.plural : `${resource.plural}/${subresource}`;
  const scope = namespace === "" ? "at the cluster scope" : `in the namespace "${namespace}"`;
  const qualified = resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
  const subject = name === "" ? qualified : `${qualified} "${name}"`;
  const verb = verbOf(exchange, address);
  const message =
    `${subject} is forbidden: User "${caller.name}" cannot ${verb} resource "${full}" in API group ` +
    `"${resource.group}" ${scope}`;
  throw failure(403, "Forbidden", {
    message: message,
    details: {
      ...(name === "" ? {} : { name }),
      ...(resource.group === "" ? {} : { group: resource.group }),
      kind: resource.plural,
    },
  });
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
