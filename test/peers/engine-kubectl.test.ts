import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  type Engine,
  ebb,
  engineUp,
  programsOf,
  removeFolder,
  shortenWindows,
  temporaryFolder,
  until,
} from "../support/engine.ts";
import { type Ran, run } from "../support/run.ts";

/** Stock kubectl and curl against the whole engine, with the project's first manifest as it is. */

const hasPeers = ["kubectl version --client", "curl --version"].every(
  (line) => spawnSync("/bin/sh", ["-c", line]).status === 0,
);
const examples = fileURLToPath(new URL("../../examples/", import.meta.url));
const IMAGE = "registry.cn-hangzhou.aliyuncs.com/knative-sample/helloworld-go:160e4db7";
const folder = temporaryFolder("kubectl");
let engine: Engine;

function runLine(program: string, line: string): Promise<Ran> {
  const env = { PATH: process.env.PATH, HOME: folder, KUBECONFIG: engine.ready.kubeconfig };
  return run(program, line.split(" "), { env });
}

async function kubectl(line: string): Promise<string> {
  const { code, stdout, stderr } = await runLine("kubectl", line);
  assert.equal(code, 0, `kubectl ${line}: ${stderr}`);
  return stdout;
}

/** Lines of `kubectl get` as lists of cells; columns are at least three spaces apart. */
function cells(table: string): string[][] {
  return table
    .trimEnd()
    .split("\n")
    .map((line) => line.trimEnd().split(/ {2,}/));
}

describe("kubectl and curl with ebb up", { skip: hasPeers ? false : "no kubectl or no curl" }, () => {
  before(async () => {
    engine = await engineUp({ home: join(folder, "home") });
    const added = await ebb(["image", "add", "--home", engine.home, IMAGE, join(examples, "hello")]);
    assert.equal(added.code, 0, added.stderr);
    await shortenWindows(engine.client);
  });

  after(async () => {
    await engine.stop();
    removeFolder(folder);
  });

  test("server-side apply owns fields, refuses another owner's until forced, and takes over what apply wrote", async () => {
    const file = join(folder, "map.yaml");
    const map = (a: string) => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "ssa" },
      data: { a },
    });
    const write = (value: string) => writeFileSync(file, JSON.stringify(map(value)));
    write("1");
    assert.match(await kubectl(`apply --server-side -f ${file}`), /configmap\/ssa serverside-applied/);
    write("2");
    const refused = await runLine("kubectl", `apply --server-side --field-manager=other -f ${file}`);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /Apply failed with 1 conflict: conflict with "kubectl": \.data\.a/);
    await kubectl(`apply --server-side --field-manager=other --force-conflicts -f ${file}`);
    assert.equal(await kubectl("get configmap ssa -o jsonpath={.data.a}"), "2");
    await kubectl("delete configmap ssa");
    write("3");
    await kubectl(`apply -f ${file}`);
    write("4");
    await kubectl(`apply --server-side -f ${file}`);
    assert.match(await kubectl(`diff --server-side -f ${file}`), /^$/);
    assert.match(await kubectl("get configmap ssa -o yaml --show-managed-fields"), /operation: Apply/);
  });

  test("the manifest is applied, waited for, watched and shown with the columns of Knative and Kubernetes", async () => {
    const watching = runLine("kubectl", "get ksvc -w --request-timeout=8s");
    const applied = await kubectl(`apply -f ${join(examples, "readiness-prober.yaml")}`);
    assert.match(applied, /readiness-prober created/);
    const waited = await kubectl("wait --for=condition=Ready ksvc/readiness-prober --timeout=30s");
    assert.match(waited, /condition met/);
    const port = new URL(engine.ready.gateway).port;
    const url = `http://readiness-prober.default.localhost:${port}`;
    const revision = "readiness-prober-00001";
    const [head, row] = cells(await kubectl("get ksvc"));
    assert.deepEqual(head, ["NAME", "URL", "LATESTCREATED", "LATESTREADY", "READY", "REASON"]);
    assert.deepEqual(row, ["readiness-prober", url, revision, revision, "True"]);
    const tables = await kubectl("get revision,route,configuration,deploy,pods");
    const shown = tables.split("\n\n").map((table) => cells(table));
    assert.deepEqual(
      shown.map(([first]) => first),
      [
        ["NAME", "CONFIG NAME", "GENERATION", "READY", "REASON", "ACTUAL REPLICAS", "DESIRED REPLICAS"],
        ["NAME", "URL", "READY", "REASON"],
        ["NAME", "LATESTCREATED", "LATESTREADY", "READY", "REASON"],
        ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"],
        ["NAME", "READY", "STATUS", "RESTARTS", "AGE"],
      ],
    );
    assert.deepEqual(shown[0]?.[1]?.slice(0, 4), [
      `revision.serving.knative.dev/${revision}`,
      "readiness-prober",
      "1",
      "True",
    ]);
    assert.deepEqual(shown[1]?.[1], ["route.serving.knative.dev/readiness-prober", url, "True"]);
    assert.deepEqual(shown[2]?.[1]?.slice(1), [revision, revision, "True"]);
    assert.deepEqual(shown[3]?.[1]?.slice(0, 4), [`deployment.apps/${revision}-deployment`, "1/1", "1", "1"]);
    assert.deepEqual(shown[4]?.[1]?.slice(1, 4), ["2/2", "Running", "0"]);
    const lines = cells((await watching).stdout).filter(([name]) => name === "readiness-prober");
    assert.equal(lines.length > 1, true, "the watch showed one state only");
    assert.equal(lines.at(-1)?.includes("True"), true);
  });

  test("curl is answered, at once and from zero", async () => {
    const { stdout } = await runLine("kubectl", "get ksvc readiness-prober -o jsonpath={.status.url}");
    assert.equal((await runLine("curl", `-sS ${stdout}`)).stdout, "Hello World!\n");
    await until(
      "zero",
      async () => {
        const pods = await kubectl("get pods -o name");
        return pods === "" && programsOf(engine.home).length === 0 ? true : undefined;
      },
      30_000,
    );
    assert.match(await kubectl("get deploy"), / 0\/0 /);
    const cold = await runLine("curl", `-sS -i ${stdout}`);
    assert.match(cold.stdout, /^HTTP\/1\.1 200 OK\r\n[\s\S]*Hello World!\n$/);
  });

  test("describe and logs tell of the service and its pod", async () => {
    const described = await kubectl("describe ksvc readiness-prober");
    assert.match(described, /Name: +readiness-prober\n/);
    assert.match(described, /Type: +RoutesReady/);
    assert.match(described, /Events:/);
    const pod = (await kubectl("get pods -o name")).trim().split("\n")[0] ?? "";
    assert.match(await kubectl(`describe ${pod}`), /queue-proxy:/);
    await kubectl(`logs ${pod} -c user-container`);
  });

  test("delete takes everything along", async () => {
    assert.match(await kubectl("delete ksvc readiness-prober"), /deleted/);
    await until("nothing left", async () => {
      const left = await kubectl("get ksvc,revision,route,configuration,deploy,pods -o name");
      return left === "" && programsOf(engine.home).length === 0 ? true : undefined;
    });
  });
});
