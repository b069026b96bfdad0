import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ClusterDomainClaimKind } from "../../src/api/cluster-domain-claim/kind.ts";
import { DomainMappingKind } from "../../src/api/domain-mapping/kind.ts";
import { ServiceKind } from "../../src/api/service/kind.ts";
import { start } from "../../src/programs/library.ts";
import { get, program, readyUrl, removeFolder, service, temporaryFolder, until } from "../support/engine.ts";

const folder = temporaryFolder("domain-mapping");
after(() => removeFolder(folder));

test("a domain of one's own answers as soon as its mapping is Ready, and is nobody's when the mapping goes", async () => {
  const ebb = await start({ home: `${folder}/home` });
  try {
    const client = ebb.client("admin");
    const { path, command } = program(folder);
    await ebb.images.add("hello", path, { command });
    await client.create(ServiceKind, service("hello", { image: "hello" }));
    await readyUrl(client, "hello");
    const key = { namespace: "default", name: "shop.example.org" };
    const claim = { metadata: { name: key.name }, spec: { namespace: key.namespace } };
    await client.create(ClusterDomainClaimKind, claim);
    const ref = { kind: "Service", name: "hello", apiVersion: "serving.knative.dev/v1" };
    await client.create(DomainMappingKind, { metadata: key, spec: { ref } });
    const url = await until("the mapping is Ready", async () => {
      const { status } = await client.get(DomainMappingKind, key);
      const ready = status?.conditions?.find(({ type }) => type === "Ready");
      return ready?.status === "True" ? status?.url : undefined;
    });
    const answer = await get(`${url}/cart`, { at: "127.0.0.1" });
    assert.equal(answer.status, 200);
    assert.match(answer.body, /^hello-00001 /);
    await client.delete(DomainMappingKind, key);
    await until("the domain is unknown", async () =>
      (await get(`${url}/cart`, { at: "127.0.0.1" })).status === 404 ? true : undefined,
    );
  } finally {
    await ebb.stop();
  }
});
