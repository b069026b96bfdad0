import assert from "node:assert/strict";
import { test } from "node:test";
import { KINDS } from "../../../api/kinds.ts";
import { NamespaceKind } from "../../../api/namespace/kind.ts";
import { RoleKind } from "../../../api/role/kind.ts";
import { RoleBindingKind } from "../../../api/role-binding/kind.ts";
import { ServiceAccountKind } from "../../../api/service-account/kind.ts";
import { systemClock } from "../../../base/clock.ts";
import { type Log, silentLog } from "../../../base/log.ts";
import { systemRandom } from "../../../base/random.ts";
import { ApiServer } from "../api-server.ts";
import type { ApiResponse } from "../rest/exchange.ts";
import { MemoryStorage } from "../storage/memory-storage.ts";
import { administrator, type Identity } from "./identity.ts";

const lines: string[] = [];
const log: Log = { ...silentLog, warn: (message, fields) => lines.push(`${message} ${fields?.user}`) };

async function serverWithAccount() {
  const storage = new MemoryStorage();
  const server = new ApiServer({ clock: systemClock, random: systemRandom, log, storage, kinds: KINDS });
  await server.start();
  const client = server.clientFor("test");
  await client.create(NamespaceKind, { metadata: { name: "ns" }, spec: {} });
  await client.create(ServiceAccountKind, { metadata: { namespace: "ns", name: "robot" } });
  return { server, client };
}

async function call(
  server: ApiServer,
  identity: Identity,
  what: { readonly method?: string; readonly url: string; readonly body?: object },
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response: ApiResponse = await server.handle(
    {
      method: what.method ?? "GET",
      url: what.url,
      headers: { "content-type": "application/json" },
      body: Buffer.from(what.body === undefined ? "" : JSON.stringify(what.body)),
      signal: new AbortController().signal,
    },
    identity,
  );
  let text = "";
  if (typeof response.body === "string") text = response.body;
  else for await (const chunk of response.body) text += chunk;
  return { status: response.status, body: JSON.parse(text) };
}

async function tokenOf(server: ApiServer, spec: object = {}): Promise<string> {
  const url = "/api/v1/namespaces/ns/serviceaccounts/robot/token";
  const { status, body } = await call(server, administrator("admin"), {
    method: "POST",
    url,
    body: { spec },
  });
  assert.equal(status, 201);
  return (body.status as { token: string }).token;
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const CONFIG_MAPS = "/api/v1/namespaces/ns/configmaps";

test("a service account's token is its account's name, and what a RoleBinding gives it is allowed", async () => {
  const { server, client } = await serverWithAccount();
  const robot = await server.identify(bearer(await tokenOf(server)));
  assert.equal(robot.type === "known" && robot.name, "system:serviceaccount:ns:robot");
  assert.equal((await call(server, robot, { url: CONFIG_MAPS })).status, 403);
  assert.equal(lines.at(-1), "refused an API request system:serviceaccount:ns:robot");
  const rules = [{ verbs: ["list"], apiGroups: [""], resources: ["configmaps"] }];
  await client.create(RoleKind, { metadata: { namespace: "ns", name: "reader" }, rules });
  const subjects = [{ kind: "ServiceAccount", name: "robot", namespace: "ns" }];
  const roleRef = { kind: "Role", name: "reader" };
  await client.create(RoleBindingKind, { metadata: { namespace: "ns", name: "b" }, roleRef, subjects });
  assert.equal((await call(server, robot, { url: CONFIG_MAPS })).status, 200);
  assert.equal((await call(server, robot, { url: "/api/v1/namespaces/default/configmaps" })).status, 403);
  await server.stop();
});

test("nobody grants what they do not have", async () => {
  const { server, client } = await serverWithAccount();
  const robot = await server.identify(bearer(await tokenOf(server)));
  const rules = [{ verbs: ["*"], apiGroups: ["rbac.authorization.k8s.io"], resources: ["roles"] }];
  await client.create(RoleKind, {
    metadata: { namespace: "ns", name: "editor" },
    rules: rules.map((rule) => ({ ...rule, verbs: ["create"] })),
  });
  const subjects = [{ kind: "ServiceAccount", name: "robot", namespace: "ns" }];
  const roleRef = { kind: "Role", name: "editor" };
  await client.create(RoleBindingKind, { metadata: { namespace: "ns", name: "b" }, roleRef, subjects });
  const url = "/apis/rbac.authorization.k8s.io/v1/namespaces/ns/roles";
  const secret = { verbs: ["get"], apiGroups: [""], resources: ["secrets"] };
  const body = { metadata: { name: "more" }, rules: [secret] };
  const refused = await call(server, robot, { method: "POST", url, body });
  assert.equal(refused.status, 403);
  assert.match(
    String(refused.body.message),
    /is attempting to grant RBAC permissions not currently held:\n\{APIGroups:\[""\], Resources:\["secrets"\], Verbs:\["get"\]\}$/,
  );
  const own = { metadata: { name: "same" }, rules: [{ ...rules[0], verbs: ["create"] }] };
  assert.equal((await call(server, robot, { method: "POST", url, body: own })).status, 201);
  await server.stop();
});

test("a token ends with its time, its account, and for others than it was made for", async () => {
  const { server, client } = await serverWithAccount();
  const token = await tokenOf(server, { audiences: ["elsewhere"] });
  assert.equal((await server.identify(bearer(token))).type, "invalid");
  const url = "/apis/authentication.k8s.io/v1/tokenreviews";
  const ask = { method: "POST", url, body: { spec: { token, audiences: ["elsewhere"] } } };
  const { body } = await call(server, administrator("admin"), ask);
  assert.equal((body.status as { authenticated?: boolean }).authenticated, true);
  const own = await tokenOf(server);
  await client.delete(ServiceAccountKind, { namespace: "ns", name: "robot" });
  assert.equal((await server.identify(bearer(own))).type, "invalid");
  assert.equal((await server.identify(bearer(`${own.slice(0, -4)}AAAA`))).type, "invalid");
  assert.equal((await server.identify(bearer("no.such.token"))).type, "invalid");
  await server.stop();
});

test("a token of another engine is nobody's here, though an account has the same name", async () => {
  const [{ server: here }, { server: there }] = [await serverWithAccount(), await serverWithAccount()];
  const token = await tokenOf(there);
  assert.equal((await there.identify(bearer(token))).type, "known");
  assert.equal((await here.identify(bearer(token))).type, "invalid");
  await here.stop();
  await there.stop();
});

test("can-i and whoami answer for the caller", async () => {
  const { server } = await serverWithAccount();
  const jane: Identity = { type: "known", name: "jane", groups: ["system:authenticated"] };
  const url = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  const spec = { resourceAttributes: { verb: "list", resource: "pods", namespace: "ns" } };
  const mine = await call(server, jane, { method: "POST", url, body: { spec } });
  assert.deepEqual(mine.body.status, { allowed: false });
  const theirs = await call(server, administrator("admin"), { method: "POST", url, body: { spec } });
  assert.deepEqual(theirs.body.status, { allowed: true });
  const who = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  const { body } = await call(server, jane, { method: "POST", url: who, body: {} });
  assert.deepEqual(body.status, { userInfo: { username: "jane", groups: ["system:authenticated"] } });
  await server.stop();
});
