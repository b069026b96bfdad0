import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { KINDS } from "../../../api/kinds.ts";
import { NamespaceKind } from "../../../api/namespace/kind.ts";
import { systemClock } from "../../../base/clock.ts";
import { silentLog } from "../../../base/log.ts";
import { seededRandom } from "../../../base/random.ts";
import { ApiServer } from "../api-server.ts";
import { MemoryStorage } from "../storage/memory-storage.ts";

/** Bodies that no client should send, and what comes of them: a refusal that names the reason, and nothing else. */

const apiServer = new ApiServer({
  clock: systemClock,
  random: seededRandom(1),
  log: silentLog,
  storage: new MemoryStorage(),
  kinds: KINDS,
});
const MAPS = "/api/v1/namespaces/default/configmaps";

before(async () => {
  await apiServer.start();
  await apiServer.clientFor("test").create(NamespaceKind, { metadata: { name: "default" }, spec: {} });
});
after(() => apiServer.stop());

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown> & { readonly message?: string };
}

async function call(
  method: string,
  url: string,
  { body = "", type = "application/json" }: { body?: string | Uint8Array; type?: string } = {},
): Promise<Answer> {
  const response = await apiServer.handle(
    {
      method,
      url,
      headers: { "content-type": type },
      body: typeof body === "string" ? Buffer.from(body) : body,
      signal: new AbortController().signal,
    },
    { type: "known", name: "test", groups: ["system:masters"] },
  );
  assert.ok(typeof response.body === "string");
  return { status: response.status, body: JSON.parse(response.body) };
}

const configMap = (data: string) => `{"metadata":{"name":"m"},"data":${data}}`;

test("a body that is nested too deep is refused before it is parsed, in JSON, YAML and patches", async () => {
  const deep = configMap("[".repeat(100_000) + "]".repeat(100_000));
  const patch = { body: deep, type: "application/merge-patch+json" };
  const apply = { body: deep, type: "application/apply-patch+yaml" };
  await call("POST", MAPS, { body: '{"metadata":{"name":"deep"}}' });
  for (const answer of [
    await call("POST", MAPS, { body: deep }),
    await call("POST", MAPS, { body: deep, type: "application/yaml" }),
    await call("PATCH", `${MAPS}/deep`, patch),
    await call("PATCH", `${MAPS}/deep?fieldManager=f`, apply),
  ]) {
    assert.equal(answer.status, 400);
    assert.match(answer.body.message ?? "", /exceeded max depth/);
  }
});

test("a body that is not UTF-8 is refused", async () => {
  const body = Buffer.concat([
    Buffer.from('{"metadata":{"name":"'),
    Buffer.of(0xff, 0xfe),
    Buffer.from('"}}'),
  ]);
  const answer = await call("POST", MAPS, { body });
  assert.equal(answer.status, 400);
  assert.match(answer.body.message ?? "", /not valid UTF-8/);
});

test("a number that no float holds is refused, in bodies and in patches", async () => {
  const body = '{"metadata":{"name":"m","generation":1e999}}';
  const created = await call("POST", MAPS, { body });
  assert.equal(created.status, 400);
  assert.match(created.body.message ?? "", /cannot unmarshal number 1e999 into Go value of type float64/);
  await call("POST", MAPS, { body: '{"metadata":{"name":"n"}}' });
  const patched = await call("PATCH", `${MAPS}/n`, { body, type: "application/merge-patch+json" });
  assert.equal(patched.status, 400);
  const text = await call("POST", MAPS, { body: configMap('{"a":"1e999"}') });
  assert.equal(text.status, 201, "in a text it is a text");
});

test("__proto__ and constructor are names like any other", async () => {
  const body = '{"metadata":{"name":"proto"},"data":{"__proto__":"1","constructor":"2"}}';
  assert.equal((await call("POST", MAPS, { body })).status, 201);
  const merge = { body: '{"data":{"__proto__":"3","toString":"4"}}', type: "application/merge-patch+json" };
  assert.equal((await call("PATCH", `${MAPS}/proto`, merge)).status, 200);
  const { data, metadata } = (await call("GET", `${MAPS}/proto`)).body as {
    data: object;
    metadata: { managedFields: unknown };
  };
  assert.deepEqual(Object.entries(data).sort(), [
    ["__proto__", "3"],
    ["constructor", "2"],
    ["toString", "4"],
  ]);
  assert.match(JSON.stringify(metadata.managedFields), /"f:__proto__":\{\}/);
  assert.deepEqual(Object.keys(Object.prototype), []);
});

test("a field given twice is refused under Strict and told otherwise; the last one counts", async () => {
  const body = '{"metadata":{"name":"twice"},"data":{"a":"1","a":"2"}}';
  const strict = await call("POST", `${MAPS}?fieldValidation=Strict`, { body });
  assert.equal(strict.status, 400);
  assert.match(strict.body.message ?? "", /duplicate field "data\.a"/);
  const { body: made } = await call("POST", MAPS, { body });
  assert.deepEqual(made.data, { a: "2" });
});

test("annotations may hold 256 KiB in all", async () => {
  const annotations = { a: "x".repeat(300 * 1024) };
  const answer = await call("POST", MAPS, {
    body: JSON.stringify({ metadata: { name: "fat", annotations } }),
  });
  assert.equal(answer.status, 422);
  assert.match(
    answer.body.message ?? "",
    /metadata\.annotations: Too long: may not be more than 262144 bytes/,
  );
});

test("a name in a path cannot leave its collection", async () => {
  for (const trick of ["..%2Fsecrets%2Fa", "%2e%2e", "..", "a%00b", "%"]) {
    const answer = await call("GET", `${MAPS}/${trick}`);
    assert.ok([400, 404].includes(answer.status), `${trick}: ${answer.status}`);
  }
});
