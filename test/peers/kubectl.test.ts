import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ALIASES, KINDS } from "../../src/api/kinds.ts";
import { NamespaceKind } from "../../src/api/namespace/kind.ts";
import { PodKind } from "../../src/api/pod/kind.ts";
import { ServiceKind } from "../../src/api/service/kind.ts";
import { systemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { ApiServer } from "../../src/embedded/apiserver/api-server.ts";
import { writeKubeconfig } from "../../src/embedded/apiserver/credentials.ts";
import type { RunningHttpsServer } from "../../src/embedded/apiserver/https-server.ts";
import type { PodLogRequest } from "../../src/embedded/apiserver/pod-logs.ts";
import { SqliteStorage } from "../../src/embedded/apiserver/storage/sqlite-storage.ts";
import { startHttpsApi } from "../support/https-api.ts";
import { type Ran, run } from "../support/run.ts";

/** Stock kubectl, without any flag, against the API server on disk. */

const hasKubectl = spawnSync("kubectl", ["version", "--client"]).status === 0;
const folder = mkdtempSync(join(tmpdir(), "ebb-kubectl-"));
const common = { clock: systemClock, random: systemRandom, log: silentLog };
const environment = { PATH: process.env.PATH, HOME: folder, KUBECONFIG: join(folder, "kubeconfig") };
const logRequests: PodLogRequest[] = [];

const apiServer = new ApiServer({
  ...common,
  storage: new SqliteStorage({ path: join(folder, "state.db") }),
  kinds: KINDS,
  aliases: ALIASES,
  podLogs: () => ({
    async read(request) {
      logRequests.push(request);
      return (async function* () {
        yield "first line\n";
        yield "second line\n";
      })();
    },
  }),
});
let front: RunningHttpsServer;

const SEED = `
apiVersion: serving.knative.dev/v1alpha1
kind: Service
metadata:
  name: readiness-prober
spec:
  template:
    metadata:
      labels:
        app: helloworld-go
    spec:
      containers:
      - image: registry.cn-hangzhou.aliyuncs.com/knative-sample/helloworld-go:160e4db7
        readinessProbe:
          httpGet:
            path: /
          initialDelaySeconds: 3
`;

function kubectl(command: string, stdin = ""): Promise<Ran> {
  return run("kubectl", command.split(" "), { env: environment, stdin });
}

describe("stock kubectl", { skip: hasKubectl ? false : "no kubectl" }, () => {
  before(async () => {
    const api = await startHttpsApi({ apiServer, folder });
    front = api.front;
    writeKubeconfig({ path: environment.KUBECONFIG, url: front.url, credentials: api.credentials });
    await apiServer.clientFor("test").create(NamespaceKind, { metadata: { name: "default" }, spec: {} });
  });

  after(async () => {
    await front.close();
    await apiServer.stop();
    rmSync(folder, { recursive: true });
  });

  test("applies the project's first manifest, twice", async () => {
    assert.match(
      (await kubectl("apply -f -", SEED)).stdout,
      /service.serving.knative.dev\/readiness-prober created/,
    );
    assert.match((await kubectl("apply -f -", SEED)).stdout, /unchanged/);
    const { stdout } = await kubectl(
      "get ksvc readiness-prober -o jsonpath={.apiVersion}/{.metadata.generation}",
    );
    assert.equal(stdout, "serving.knative.dev/v1/1");
  });

  test("a typo is refused and nothing is stored", async () => {
    const { code, stderr } = await kubectl(
      "apply -f -",
      SEED.replace("image:", "imgae:").replace("readiness-prober", "typo"),
    );
    assert.equal(code, 1);
    assert.match(stderr, /unknown field "spec.template.spec.containers\[0\].imgae"/);
    assert.match((await kubectl("get ksvc typo")).stderr, /services.serving.knative.dev "typo" not found/);
  });

  test("prints Knative's columns", async () => {
    const { stdout } = await kubectl("get ksvc");
    assert.match(stdout, /^NAME +URL +LATESTCREATED +LATESTREADY +READY +REASON\nreadiness-prober/);
    assert.equal((await kubectl("get ksvc,revision,route,configuration,deploy,pods")).code, 0);
  });

  test("waits for a condition and sees it in a watch", async () => {
    const waiting = kubectl("wait --for=condition=Ready ksvc/readiness-prober --timeout=20s");
    const watching = kubectl("get ksvc -w --request-timeout=3s");
    const client = apiServer.clientFor("service");
    const key = { namespace: "default", name: "readiness-prober" };
    const service = await client.get(ServiceKind, key);
    const conditions = [{ type: "Ready" as const, status: "True" as const }];
    await client.updateStatus(ServiceKind, { ...service, status: { ...service.status, conditions } });
    assert.match((await waiting).stdout, /condition met/);
    assert.match((await watching).stdout, /readiness-prober .*True/);
  });

  test("describes, explains, labels and edits by patch", async () => {
    assert.match(
      (await kubectl("describe ksvc readiness-prober")).stdout,
      /API Version: +serving.knative.dev\/v1/,
    );
    assert.match((await kubectl("explain ksvc.spec.template")).stdout, /FIELD: template <Object>/);
    assert.match((await kubectl("label ksvc readiness-prober x=y")).stdout, /labeled/);
    const patched = await kubectl(
      'patch ksvc readiness-prober --type merge -p {"metadata":{"annotations":{"a.b/c":"d"}}}',
    );
    assert.match(patched.stdout, /patched/);
  });

  test("reads and follows a pod's log", async () => {
    const spec = { nodeName: "n", containers: [{ name: "user-container", image: "x" }] };
    await apiServer
      .clientFor("test")
      .create(PodKind, { metadata: { name: "p", namespace: "default" }, spec });
    assert.equal((await kubectl("logs p --tail 5")).stdout, "first line\nsecond line\n");
    assert.equal((await kubectl("logs -f p -c user-container")).stdout, "first line\nsecond line\n");
    assert.deepEqual(
      logRequests.map(({ container, follow, tailLines }) => [container, follow, tailLines]),
      [
        ["user-container", false, 5],
        ["user-container", true, undefined],
      ],
    );
    assert.match((await kubectl("logs p -c none")).stderr, /container none is not valid for pod p/);
  });

  test("creates plain kinds, which typed clients send as protobuf", async () => {
    assert.match((await kubectl("create namespace made")).stdout, /namespace\/made created/);
    const created = await kubectl("create configmap made -n made --from-literal=x=1");
    assert.match(created.stdout, /configmap\/made created/);
    assert.equal((await kubectl("get cm made -n made -o jsonpath={.data.x}")).stdout, "1");
    assert.match(
      (await kubectl("create service clusterip made --tcp=80:8080")).stdout,
      /service\/made created/,
    );
    assert.equal((await kubectl("get svc made -o jsonpath={.spec.ports[0].targetPort}")).stdout, "8080");
  });

  test("deletes and waits until the object is gone", async () => {
    assert.match((await kubectl("delete ksvc readiness-prober")).stdout, /deleted/);
    assert.match((await kubectl("get ksvc")).stderr, /No resources found in default namespace/);
  });
});
