import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type ConfigMap, ConfigMapKind } from "../src/api/config-map/kind.ts";
import { KINDS } from "../src/api/kinds.ts";
import { NamespaceKind } from "../src/api/namespace/kind.ts";
import { PodKind } from "../src/api/pod/kind.ts";
import { isApiError } from "../src/api/status.ts";
import { systemClock } from "../src/base/clock.ts";
import { silentLog } from "../src/base/log.ts";
import { systemRandom } from "../src/base/random.ts";
import { ApiServer } from "../src/embedded/apiserver/api-server.ts";
import { writeKubeconfig } from "../src/embedded/apiserver/credentials.ts";
import type { RunningHttpsServer } from "../src/embedded/apiserver/https-server.ts";
import { MemoryStorage } from "../src/embedded/apiserver/storage/memory-storage.ts";
import type { KubeClient, WatchEvent } from "../src/kube/client.ts";
import { HttpClient } from "../src/kube/http-client.ts";
import { parseKubeconfig } from "../src/kube/kubeconfig.ts";
import { LinkClients } from "../src/kube/link-client.ts";
import { serveKube } from "../src/kube/link-server.ts";
import { memoryLinkPair } from "../src/programs/process-link.ts";
import { startHttpsApi } from "./support/https-api.ts";

/** One contract for all carriers of the API: this process, the link, HTTPS. */

const folder = mkdtempSync(join(tmpdir(), "ebb-clients-"));
const common = { clock: systemClock, random: systemRandom, log: silentLog };
const server = new ApiServer({ ...common, storage: new MemoryStorage(), kinds: KINDS });
const pair = memoryLinkPair();
const clients = new Map<string, KubeClient>();
let front: RunningHttpsServer;
let http: HttpClient;

before(async () => {
  const api = await startHttpsApi({ apiServer: server, folder });
  front = api.front;
  await server.clientFor("test").create(NamespaceKind, { metadata: { name: "default" }, spec: {} });
  const path = join(folder, "kubeconfig");
  writeKubeconfig({ path, url: front.url, credentials: api.credentials });
  http = new HttpClient(parseKubeconfig(readFileSync(path, "utf8"), (file) => readFileSync(file, "utf8")));
  serveKube({ link: pair.near, clientFor: (actor) => server.clientFor(actor), kinds: KINDS });
  clients.set("in process", server.clientFor("test"));
  clients.set("link", new LinkClients(pair.far).clientFor("test"));
  clients.set("HTTPS", http);
});

after(async () => {
  http.close();
  await front.close();
  await server.stop();
  rmSync(folder, { recursive: true });
});

for (const carrier of ["in process", "link", "HTTPS"]) {
  const prefix = carrier.replaceAll(" ", "-").toLowerCase();
  const key = { namespace: "default", name: `${prefix}-map` };
  const fresh = (): ConfigMap => ({ metadata: { ...key, labels: { carrier: prefix } }, data: { a: "1" } });
  const client = (): KubeClient => clients.get(carrier) as KubeClient;

  test(`${carrier}: objects are written, read, patched and deleted`, async () => {
    const created = await client().create(ConfigMapKind, fresh());
    assert.ok(created.metadata.uid);
    const updated = await client().update(ConfigMapKind, { ...created, data: { a: "2" } });
    assert.notEqual(updated.metadata.resourceVersion, created.metadata.resourceVersion);
    await client().patch(ConfigMapKind, key, { type: "merge", body: { data: { b: "3" } } });
    assert.deepEqual((await client().get(ConfigMapKind, key)).data, { a: "2", b: "3" });
    const { items } = await client().list(ConfigMapKind, { labelSelector: `carrier=${prefix}` });
    assert.equal(items.length, 1);
    await client().delete(ConfigMapKind, key);
    await assert.rejects(client().get(ConfigMapKind, key), (thrown) => isApiError(thrown, "NotFound"));
  });

  test(`${carrier}: an outdated update is a conflict, a second create exists already`, async () => {
    const created = await client().create(ConfigMapKind, fresh());
    await assert.rejects(client().create(ConfigMapKind, fresh()), (thrown) =>
      isApiError(thrown, "AlreadyExists"),
    );
    await client().update(ConfigMapKind, { ...created, data: { a: "2" } });
    await assert.rejects(client().update(ConfigMapKind, { ...created, data: { a: "3" } }), (thrown) =>
      isApiError(thrown, "Conflict"),
    );
    await client().delete(ConfigMapKind, key, { uid: created.metadata.uid });
  });

  test(`${carrier}: a watch delivers projected changes in order and ends when told`, async () => {
    const { resourceVersion } = await client().list(PodKind);
    const events: WatchEvent<never>[] = [];
    const ended = new AbortController();
    const enough = Promise.withResolvers<void>();
    const selection = { namespace: "default", fields: ["status.phase"], resourceVersion };
    const watching = client().watch(
      PodKind,
      selection,
      (event) => {
        if (event.type !== "BOOKMARK") events.push(event as never);
        if (events.length === 3) enough.resolve();
      },
      ended.signal,
    );
    const name = `${prefix}-pod`;
    const spec = { containers: [{ name: "a", image: "b" }] };
    const pod = await client().create(PodKind, { metadata: { namespace: "default", name }, spec });
    await client().updateStatus(PodKind, { ...pod, status: { phase: "Running" } });
    await client().delete(PodKind, { namespace: "default", name }, { gracePeriodSeconds: 0 });
    await enough.promise;
    ended.abort();
    await watching;
    const seen = events.map((event) => {
      const { type, object } = event as unknown as {
        type: string;
        object: { spec?: unknown; status?: unknown };
      };
      return [type, object.spec, object.status];
    });
    assert.deepEqual(
      seen.map(([type]) => type),
      ["ADDED", "MODIFIED", "DELETED"],
    );
    assert.deepEqual(
      seen.map(([, projected]) => projected),
      [undefined, undefined, undefined],
    );
    assert.deepEqual(seen[1]?.[2], { phase: "Running" });
  });

  test(`${carrier}: a version from the future or from before history is told as an error`, async () => {
    const selection = { resourceVersion: "nonsense" };
    await assert.rejects(client().watch(PodKind, selection, () => {}, new AbortController().signal));
  });
}

test("a closed link fails what waits and what comes later", async () => {
  const { near, far, close } = memoryLinkPair();
  serveKube({ link: near, clientFor: (actor) => server.clientFor(actor), kinds: KINDS });
  const client = new LinkClients(far).clientFor("test");
  const { resourceVersion } = await client.list(PodKind);
  const watching = client.watch(PodKind, { resourceVersion }, () => {}, new AbortController().signal);
  close();
  await assert.rejects(watching, (thrown) => isApiError(thrown, "ServiceUnavailable"));
  await assert.rejects(client.list(PodKind), (thrown) => isApiError(thrown, "ServiceUnavailable"));
});
