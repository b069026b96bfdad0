import { collectionOf } from "../../../api/kind.ts";
import type { Attributes } from "../../../api/rbac-access.ts";
import { failure } from "../../../api/status.ts";
import type { Caller } from "../context.ts";
import type { Authorizer } from "./authorizer.ts";

/** Who asks, and as whom: what a token or certificate says, and impersonation (spec E-215 with errata). */

export interface KnownIdentity {
  readonly type: "known";
  readonly name: string;
  readonly groups: readonly string[];
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export type Identity =
  | KnownIdentity
  | { readonly type: "anonymous" }
  /** A token that is not ours. */
  | { readonly type: "invalid" };

export const AUTHENTICATED = "system:authenticated";
const UNAUTHENTICATED = "system:unauthenticated";
const ANONYMOUS_NAME = "system:anonymous";
const ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;

export function administrator(name: string): Identity {
  return { type: "known", name, groups: ["system:masters", AUTHENTICATED] };
}

export function serviceAccountGroups(namespace: string): string[] {
  return ["system:serviceaccounts", `system:serviceaccounts:${namespace}`];
}

const ANONYMOUS: Caller = { name: ANONYMOUS_NAME, groups: [UNAUTHENTICATED], inside: false };

/** Headers that ask for impersonation without a user: answered as kube-apiserver's filter does, in plain text. */
export class ImpersonationError extends Error {}

type Headers = Readonly<Record<string, string | undefined>>;

/** Throws 401 for a wrong token, 403 for impersonation by somebody who may not. */
export async function callerOf(
  identity: Identity,
  headers: Headers,
  authorizer: Authorizer,
): Promise<Caller> {
  if (identity.type === "invalid") throw failure(401, "Unauthorized", "Unauthorized");
  const caller: Caller = identity.type === "anonymous" ? ANONYMOUS : asCaller(identity);
  const wanted = impersonationOf(headers);
  if (wanted === undefined) return caller;
  for (const attributes of wanted.asked) {
    const decision = await authorizer.decide(caller, { ...NOBODY, ...attributes });
    if (!decision.allowed) throw mayNotImpersonate(caller, { ...NOBODY, ...attributes });
  }
  return wanted.caller;
}

function asCaller({ name, groups, uid, extra }: KnownIdentity): Caller {
  return {
    name,
    groups,
    inside: false,
    ...(uid === undefined ? {} : { uid }),
    ...(extra === undefined ? {} : { extra }),
  };
}

const NOBODY: Attributes = {
  verb: "impersonate",
  group: "",
  version: "v1",
  resource: "users",
  subresource: "",
  name: "",
  namespace: "",
};
const AUTHENTICATION = "authentication.k8s.io";

interface Impersonation {
  readonly caller: Caller;
  /** What the true caller must be allowed. */
  readonly asked: readonly Partial<Attributes>[];
}

const ASKS = "impersonate-";

function impersonationOf(headers: Headers): Impersonation | undefined {
  if (!Object.keys(headers).some((name) => name.startsWith(ASKS))) return undefined;
  const user = headers["impersonate-user"];
  const uid = headers["impersonate-uid"];
  const groups = listOf(headers["impersonate-group"]);
  const extra = extraOf(headers);
  if (user === undefined) {
    const asked = [
      ...groups.map((group) => `{Group  ${group}    }`),
      ...Object.entries(extra).flatMap(([key, values]) =>
        values.map((value) => `{UserExtra  ${value}  ${AUTHENTICATION}/v1  ${key}}`),
      ),
      ...(uid === undefined ? [] : [`{UID  ${uid}  ${AUTHENTICATION}/v1  }`]),
    ];
    if (asked.length === 0) return undefined;
    throw new ImpersonationError(`requested [${asked.join(" ")}] without impersonating a user`);
  }
  const account = ACCOUNT.exec(user);
  const [, namespace = "", name = ""] = account ?? [];
  const asked: Partial<Attributes>[] = [
    account ? { resource: "serviceaccounts", namespace, name } : { resource: "users", name: user },
    ...groups.map((group) => ({ resource: "groups", name: group })),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value) => ({
        group: AUTHENTICATION,
        resource: "userextras",
        subresource: key,
        name: value,
      })),
    ),
    ...(uid === undefined ? [] : [{ group: AUTHENTICATION, resource: "uids", name: uid }]),
  ];
  const own = account && groups.length === 0 ? serviceAccountGroups(namespace) : groups;
  const last = user === ANONYMOUS_NAME ? UNAUTHENTICATED : AUTHENTICATED;
  const all = own.includes(last) ? own : [...own, last];
  const caller: Caller = {
    name: user,
    groups: all,
    inside: false,
    ...(uid === undefined ? {} : { uid }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
  return { caller, asked };
}

function listOf(header: string | undefined): string[] {
  return (header ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

const EXTRA = "impersonate-extra-";

function extraOf(headers: Headers): Record<string, readonly string[]> {
  const entries = Object.entries(headers)
    .filter(([name]) => name.startsWith(EXTRA))
    .map(([name, value]) => [decodeURIComponent(name.slice(EXTRA.length)), listOf(value)] as const);
  return Object.fromEntries(entries);
}

function mayNotImpersonate(caller: Caller, wanted: Attributes) {
  const { resource, name, group, subresource, namespace } = wanted;
  const full = subresource === "" ? resource : `${resource}/${subresource}`;
  const scope = namespace === "" ? "at the cluster scope" : `in the namespace "${namespace}"`;
  const qualified = collectionOf({ group, plural: resource });
  const message =
    `${qualified} "${name}" is forbidden: User "${caller.name}" cannot impersonate resource "${full}" ` +
    `in API group "${group}" ${scope}`;
  const details = { name, ...(group === "" ? {} : { group }), kind: resource };
  return failure(403, "Forbidden", { message, details });
}
