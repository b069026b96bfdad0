import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Volume } from "../../../api/pod-spec.ts";
import { EnvError, PodData } from "../pod-data.ts";
import { writeAtomically } from "./atomic-writer.ts";
import { type Payload, payloadOf } from "./payload.ts";

const root = mkdtempSync(join(tmpdir(), "ebb-payload-"));
after(() => rmSync(root, { recursive: true, force: true }));

/** A namespace with one ConfigMap and one Secret called `data`. */
const client = {
  async get(kind: { kind: string }, { name }: { name: string }) {
    if (name !== "data") throw Object.assign(new Error("gone"), { name: "ApiError" });
    return kind.kind === "Secret"
      ? { metadata: { name }, data: { key: Buffer.from("of secret").toString("base64") } }
      : { metadata: { name }, data: { key: "of map" }, binaryData: { raw: "/w==" } };
  },
};

function payload(volume: Omit<Volume, "name">): Promise<Payload | undefined> {
  const pod = {
    metadata: { name: "p", namespace: "default", annotations: { b: 'say "x"', a: "1" } },
    spec: {
      containers: [{ name: "main", resources: { limits: { cpu: "1500m", memory: "100Mi" } } }],
    },
  };
  return payloadOf(
    { name: "v", ...volume },
    {
      data: new PodData(client as never, "default"),
      facts: { pod, ip: "10.0.0.1", hostIp: "10.0.0.2", nodeName: "n1" },
      token: async ({ audience }) => `token for ${audience}`,
    },
  );
}

const texts = (files: Payload | undefined) =>
  Object.fromEntries(
    [...(files ?? [])].map(([path, { bytes, mode }]) => [path, [bytes.toString("latin1"), mode]]),
  );

test("of two sources with a file of the same name the later one wins", async () => {
  const [map, secret] = [{ configMap: { name: "data" } }, { secret: { name: "data" } }];
  const files = await payload({ projected: { sources: [map, secret], defaultMode: 0o600 } });
  assert.deepEqual(texts(files), { key: ["of secret", 0o600], raw: ["\xff", 0o600] });
});

test("items choose, rename and give modes; a key that is not there is an error unless it is optional", async () => {
  const items = [{ key: "key", path: "a/b", mode: 0o400 }];
  assert.deepEqual(texts(await payload({ configMap: { name: "data", items } })), {
    "a/b": ["of map", 0o400],
  });
  const missing = { name: "data", items: [{ key: "none", path: "x" }] };
  await assert.rejects(
    payload({ configMap: missing }),
    new EnvError("references non-existent config key: none"),
  );
  assert.deepEqual(texts(await payload({ configMap: { ...missing, optional: true } })), {});
});

test("no file leaves its volume", async () => {
  for (const path of ["../x", "/x", "a/../../x", ".", ""])
    await assert.rejects(
      payload({ configMap: { name: "data", items: [{ key: "key", path }] } }),
      EnvError,
      path,
    );
});

test("the downward API tells annotations line by line and resources in units of the divisor", async () => {
  const items = [
    { path: "annotations", fieldRef: { fieldPath: "metadata.annotations" } },
    { path: "cpu", resourceFieldRef: { containerName: "main", resource: "limits.cpu" } },
    { path: "mem", resourceFieldRef: { containerName: "main", resource: "limits.memory", divisor: "1Mi" } },
    { path: "none", resourceFieldRef: { containerName: "main", resource: "requests.memory" } },
  ];
  const files = texts(await payload({ downwardAPI: { items } }));
  assert.equal(files.annotations?.[0], 'a="1"\nb="say \\"x\\""');
  assert.deepEqual([files.cpu?.[0], files.mem?.[0], files.none?.[0]], ["2", "100", "0"]);
});

test("what has not changed is not written again, what has gone disappears, modes are kept", () => {
  const folder = join(root, "volume");
  const file = (text: string, mode = 0o644) => ({ bytes: Buffer.from(text), mode });
  const first: Payload = new Map([
    ["a", file("1", 0o400)],
    ["deep/b", file("2")],
  ]);
  assert.ok(writeAtomically(folder, first, "one"));
  assert.ok(!writeAtomically(folder, new Map(first), "two"));
  assert.equal(statSync(join(folder, "a")).mode & 0o777, 0o400);
  assert.equal(readFileSync(join(folder, "deep/b"), "utf8"), "2");
  const before = realpathSync(join(folder, "..data"));
  assert.ok(writeAtomically(folder, new Map([["deep/c", file("3")]]), "three"));
  assert.deepEqual(readdirSync(folder).sort(), ["..data", "..three", "deep"]);
  assert.notEqual(realpathSync(join(folder, "..data")), before);
  assert.deepEqual(readdirSync(join(folder, "deep/")), ["c"]);
});
