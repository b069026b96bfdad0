import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { ConfigMapKind } from "../../src/api/config-map/kind.ts";
import { PodKind } from "../../src/api/pod/kind.ts";
import { ServiceKind } from "../../src/api/service/kind.ts";
import {
  addImage,
  type Engine,
  engineUp,
  program,
  readyUrl,
  removeFolder,
  service,
  temporaryFolder,
  until,
} from "../support/engine.ts";
import { type Ran, run } from "../support/run.ts";

/** `kubectl exec` against the whole engine: streams, exit codes, volumes, and who may. */

const hasKubectl = spawnSync("kubectl", ["version", "--client"]).status === 0;
const folder = temporaryFolder("exec");
let engine: Engine;
let pod = "";

function exec(options: readonly string[], command: readonly string[], stdin = ""): Promise<Ran> {
  const env = { PATH: process.env.PATH, HOME: folder, KUBECONFIG: engine.ready.kubeconfig };
  const args = ["exec", ...options, pod, "-c", "user-container", "--", ...command];
  return run("kubectl", args, { env, stdin });
}

describe("kubectl exec", { skip: hasKubectl ? false : "no kubectl" }, () => {
  before(async () => {
    engine = await engineUp({ home: `${folder}/home` });
    await addImage(engine.home, "hello", program(folder));
    const key = { namespace: "default", name: "data" };
    await engine.client.create(ConfigMapKind, { metadata: key, data: { greeting: "hello from a volume" } });
    await engine.client.create(
      ServiceKind,
      service("hello", {
        image: "hello",
        annotations: { "autoscaling.knative.dev/min-scale": "1" },
        container: {
          env: [{ name: "COLOUR", value: "green" }],
          volumeMounts: [{ name: "data", mountPath: "/ebb-exec-data", readOnly: true }],
        },
        spec: { volumes: [{ name: "data", configMap: { name: "data" } }] },
      }),
    );
    await readyUrl(engine.client, "hello");
    pod = await until("a pod", async () => (await engine.client.list(PodKind)).items[0]?.metadata.name);
  });

  after(async () => {
    await engine?.stop();
    removeFolder(folder);
  });

  test("output of both kinds comes back, in the container's environment and with its volumes", async () => {
    const script = 'echo "$COLOUR"; cat "$EBB_ROOT/ebb-exec-data/greeting"; echo oops >&2';
    const { code, stdout, stderr } = await exec([], ["sh", "-c", script]);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, "green\nhello from a volume");
    assert.match(stderr, /oops/);
  });

  test("the exit code is the command's", async () => {
    const { code, stderr } = await exec([], ["sh", "-c", "exit 7"]);
    assert.equal(code, 7);
    assert.match(stderr, /command terminated with exit code 7/);
  });

  test("stdin arrives whole and ends", async () => {
    const input = "line of text\n".repeat(20_000);
    const { code, stdout, stderr } = await exec(["-i"], ["sh", "-c", "wc -c; echo end"], input);
    assert.equal(code, 0, stderr);
    assert.equal(stdout.replace(/\s+/g, " ").trim(), `${input.length} end`);
  });

  test("much output comes whole, as fast as the client takes it", async () => {
    const { code, stdout } = await exec([], ["sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x"]);
    assert.equal(code, 0);
    assert.equal(stdout.length, 3_000_000);
  });

  test("a command that is not there, and a container that runs no program, are told", async () => {
    const missing = await exec([], ["no-such-command"]);
    assert.notEqual(missing.code, 0);
    assert.match(missing.stderr, /no-such-command/);
  });
});
