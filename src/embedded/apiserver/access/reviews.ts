import type { PolicyRule } from "../../../api/rbac.ts";
import type { Attributes } from "../../../api/rbac-access.ts";
import { timeText } from "../../../kube/time.ts";
import { isRecord, recordAt, valueAt } from "../any-object.ts";
import type { Caller } from "../context.ts";
import { type Cause, invalid } from "../failures.ts";
import type { Authenticator } from "./authenticator.ts";
import type { Authorizer } from "./authorizer.ts";
import { ISSUER } from "./service-account-tokens.ts";

/** Questions that are objects only on the wire: who am I, what may I, whose token is this (spec E-215). */

/** Where such a question is asked. */
export interface Review {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

const AUTHENTICATION = "authentication.k8s.io";
const AUTHORIZATION = "authorization.k8s.io";

function review(group: string, kind: string, namespaced = false): Review {
  return { group, version: "v1", plural: `${kind.toLowerCase()}s`, kind, namespaced };
}

export const REVIEWS: readonly Review[] = [
  review(AUTHENTICATION, "SelfSubjectReview"),
  review(AUTHENTICATION, "TokenReview"),
  review(AUTHORIZATION, "LocalSubjectAccessReview", true),
  review(AUTHORIZATION, "SelfSubjectAccessReview"),
  review(AUTHORIZATION, "SelfSubjectRulesReview"),
  review(AUTHORIZATION, "SubjectAccessReview"),
];

export interface Question {
  readonly review: Review;
  readonly namespace: string;
  readonly body: Record<string, unknown>;
  readonly caller: Caller;
}

export interface ReviewPorts {
  readonly authorizer: Authorizer;
  readonly authenticator: Authenticator;
  readonly nowMs: number;
}

/** The question with its answer in `status`. */
export async function answerReview(question: Question, ports: ReviewPorts): Promise<object> {
  const { review, body } = question;
  const { metadata, spec } = body;
  const type = { kind: review.kind, apiVersion: `${review.group}/${review.version}` };
  const base = { ...type, metadata: isRecord(metadata) ? metadata : {} };
  switch (review.kind) {
    case "SelfSubjectReview": {
      const created = { creationTimestamp: timeText(ports.nowMs) };
      return { ...base, metadata: created, status: { userInfo: userInfoOf(question.caller) } };
    }
    case "TokenReview":
      return { ...base, spec, status: await tokenStatus(question, ports) };
    case "SelfSubjectRulesReview":
      return { ...base, spec, status: await rulesStatus(question, ports) };
    default:
      return { ...base, spec, status: await accessStatus(question, ports) };
  }
}

function userInfoOf({ name, uid, groups, extra }: Caller): object {
  return {
    username: name,
    ...(uid === undefined ? {} : { uid }),
    groups: [...groups],
    ...(extra === undefined ? {} : { extra }),
  };
}

async function accessStatus(
  { review, body, caller, namespace }: Question,
  ports: ReviewPorts,
): Promise<object> {
  const spec = recordAt(body, ["spec"]);
  const isSelf = review.kind === "SelfSubjectAccessReview";
  const causes: Cause[] = [];
  const hasObject = isRecord(spec.resourceAttributes);
  if (hasObject === isRecord(spec.nonResourceAttributes)) {
    const field = hasObject ? "spec.nonResourceAttributes" : "spec.resourceAttributes";
    const why = hasObject
      ? "cannot be specified in combination with resourceAttributes"
      : "exactly one of nonResourceAttributes or resourceAttributes must be specified";
    causes.push({ reason: "FieldValueInvalid", message: `Invalid value: null: ${why}`, field });
  }
  const groups = Array.isArray(spec.groups) ? spec.groups.map(String) : [];
  if (!isSelf && !spec.user && groups.length === 0)
    causes.push({
      reason: "FieldValueInvalid",
      message: 'Invalid value: "": at least one of user or group must be specified',
      field: "spec.user",
    });
  if (causes.length > 0) throw invalid({ kind: review.kind, group: review.group }, "", causes);
  const user = isSelf ? caller : { name: String(spec.user ?? ""), groups };
  const decision = await ports.authorizer.decide(user, attributesOf(spec, namespace));
  return { allowed: decision.allowed, ...(decision.reason === "" ? {} : { reason: decision.reason }) };
}

function attributesOf(spec: Record<string, unknown>, namespace: string): Attributes {
  const none = { verb: "", group: "", version: "", resource: "", subresource: "", name: "", namespace };
  const of = (fields: Record<string, unknown>, name: string) => String(fields[name] ?? "");
  if (!isRecord(spec.resourceAttributes)) {
    const other = recordAt(spec, ["nonResourceAttributes"]);
    return { ...none, verb: of(other, "verb"), path: of(other, "path") };
  }
  const wanted = spec.resourceAttributes;
  return {
    verb: of(wanted, "verb"),
    group: of(wanted, "group"),
    version: of(wanted, "version"),
    resource: of(wanted, "resource"),
    subresource: of(wanted, "subresource"),
    name: of(wanted, "name"),
    namespace: of(wanted, "namespace") || namespace,
  };
}

async function rulesStatus({ review, body, caller }: Question, { authorizer }: ReviewPorts): Promise<object> {
  const namespace = valueAt(body, ["spec", "namespace"]);
  if (typeof namespace !== "string" || namespace === "") {
    const cause = { reason: "FieldValueRequired", message: "Required value", field: "spec.namespace" };
    throw invalid({ kind: review.kind, group: review.group }, "", [cause]);
  }
  const resourceRules: PolicyRule[] = [];
  const nonResourceRules: PolicyRule[] = [];
  for await (const { rule } of authorizer.grants(caller, namespace)) {
    const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } = rule;
    if ((nonResourceURLs ?? []).length > 0)
      nonResourceRules.push({ verbs, nonResourceURLs: nonResourceURLs ?? [] });
    else
      resourceRules.push({
        verbs,
        ...(apiGroups === undefined ? {} : { apiGroups }),
        ...(resources === undefined ? {} : { resources }),
        ...(resourceNames === undefined ? {} : { resourceNames }),
      });
  }
  return { resourceRules, nonResourceRules, incomplete: false };
}

async function tokenStatus({ review, body }: Question, { authenticator }: ReviewPorts): Promise<object> {
  const { token, audiences } = recordAt(body, ["spec"]);
  if (typeof token !== "string" || token === "") {
    const cause = { reason: "FieldValueRequired", message: "Required value", field: "spec.token" };
    throw invalid({ kind: review.kind, group: review.group }, "", [cause]);
  }
  const wanted = Array.isArray(audiences) && audiences.length > 0 ? audiences.map(String) : [ISSUER];
  const identity = await authenticator.identifyToken(token, wanted);
  if (identity.type !== "known") return { user: {}, error: "[invalid bearer token]" };
  const { name, uid, groups, extra } = identity;
  const user = { username: name, ...(uid ? { uid } : {}), groups: [...groups], ...(extra ? { extra } : {}) };
  return { authenticated: true, user, audiences: wanted };
}
