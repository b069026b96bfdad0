import assert from "node:assert/strict";
import { test } from "node:test";
import type { PolicyRule } from "./rbac.ts";
import { type Attributes, isSubject, ruleAllows, ruleText, uncovered } from "./rbac-access.ts";

const none: Attributes = {
  verb: "get",
  group: "",
  version: "v1",
  resource: "pods",
  subresource: "",
  name: "",
  namespace: "a",
};

test("a rule allows its verbs on its resources, a subresource only by name", () => {
  const rule: PolicyRule = { verbs: ["get"], apiGroups: [""], resources: ["pods"] };
  assert.equal(ruleAllows(rule, none), true);
  assert.equal(ruleAllows(rule, { ...none, verb: "list" }), false);
  assert.equal(ruleAllows(rule, { ...none, group: "apps" }), false);
  assert.equal(ruleAllows(rule, { ...none, subresource: "log" }), false);
  assert.equal(ruleAllows({ ...rule, resources: ["*/log"] }, { ...none, subresource: "log" }), true);
  assert.equal(ruleAllows({ ...rule, resources: ["*"] }, { ...none, subresource: "log" }), true);
});

test("a rule with names allows these alone, and never a whole collection", () => {
  const rule: PolicyRule = { verbs: ["*"], apiGroups: ["*"], resources: ["pods"], resourceNames: ["a"] };
  assert.equal(ruleAllows(rule, { ...none, name: "a" }), true);
  assert.equal(ruleAllows(rule, { ...none, name: "b" }), false);
  assert.equal(ruleAllows(rule, none), false);
});

test("paths are allowed whole or by their beginning", () => {
  const rule: PolicyRule = { verbs: ["get"], nonResourceURLs: ["/apis/*", "/version"] };
  assert.equal(ruleAllows(rule, { ...none, path: "/apis/apps" }), true);
  assert.equal(ruleAllows(rule, { ...none, path: "/version" }), true);
  assert.equal(ruleAllows(rule, { ...none, path: "/versions" }), false);
});

test("a service account is its user name, in the binding's namespace when it names none", () => {
  const user = { name: "system:serviceaccount:ns:sa", groups: ["g"] };
  assert.equal(isSubject({ kind: "ServiceAccount", name: "sa" }, user, "ns"), true);
  assert.equal(isSubject({ kind: "ServiceAccount", name: "sa", namespace: "other" }, user, "ns"), false);
  assert.equal(isSubject({ kind: "Group", name: "g" }, user, "ns"), true);
  assert.equal(isSubject({ kind: "User", name: "sa" }, user, "ns"), false);
});

test("what nobody holds is told verb by verb", () => {
  const held: PolicyRule[] = [{ verbs: ["get", "list"], apiGroups: [""], resources: ["pods"] }];
  const wanted: PolicyRule[] = [{ verbs: ["get", "delete"], apiGroups: [""], resources: ["pods"] }];
  assert.deepEqual(uncovered(held, wanted).map(ruleText), [
    '{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}',
  ]);
  assert.deepEqual(uncovered([{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }], wanted), []);
});
