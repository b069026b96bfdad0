import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ConfigMapKind } from "../src/api/config-map/kind.ts";
import { type Pod, PodKind } from "../src/api/pod/kind.ts";
import type { PodSpec } from "../src/api/pod-spec.ts";
import { SecretKind } from "../src/api/secret/kind.ts";
import { ServiceAccountKind } from "../src/api/service-account/kind.ts";
import { type Clock, systemClock } from "../src/base/clock.ts";
import { silentLog } from "../src/base/log.ts";
import { memoryFolder } from "../src/embedded/node/pod-folder.ts";
import { Isolation, type IsolationKind } from "../src/embedded/node/runtimes/process/isolation.ts";
import { ProcessRuntime } from "../src/embedded/node/runtimes/process/process-runtime.ts";
import type { KubeClient } from "../src/kube/client.ts";
import { APP, processNode } from "./support/process-node.ts";
import { until } from "./support/until.ts";

/** Volumes of real process pods: as mounts where this machine allows them, as links below EBB_ROOT everywhere. */

const root = mkdtempSync(join(tmpdir(), "ebb-volumes-"));
after(() => rmSync(root, { recursive: true, force: true }));

const trial = new Isolation(silentLog);
await trial.find();
const canMount = trial.kind === "namespace";
const KIND_OF_MACHINE: readonly IsolationKind[] = canMount ? ["namespace", "links"] : ["links"];

interface World {
  readonly client: KubeClient;
  /** Runs the script in a pod until it has printed `done`; resolves to its lines before that. */
  run(
    spec: Partial<PodSpec>,
    script: string,
    mounts: PodSpec["containers"][0]["volumeMounts"],
  ): Promise<string[]>;
  log(): string;
  pod(): Promise<Pod>;
  /** Where this machine keeps volumes in memory. */
  readonly memory: string | undefined;
}

async function world(kind: IsolationKind, body: (world: World) => Promise<void>): Promise<void> {
  const { server, client, pods, newAgent } = await processNode({ folder: root, block: 17 });
  const isolation = new Isolation(silentLog, kind);
  const agent = newAgent({
    runtime: new ProcessRuntime({ clock: systemClock, log: silentLog, pods, isolation }),
    tokens: {
      issueToken: async ({ audiences, serviceAccount, expirationSeconds }) => ({
        token: `token-of-${serviceAccount}-for-${audiences.join()}`,
        expiresAtMs: Date.now() + expirationSeconds * 1000,
      }),
    },
  });
  await agent.start();
  let uid = "";
  const log = () => {
    const file = join(pods, uid, "main", "0.log");
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  };
  const pod = () => client.get(PodKind, APP);
  try {
    await body({
      client,
      log,
      pod,
      memory: memoryFolder(pods),
      async run(spec, script, volumeMounts = []) {
        const text = `cd "$EBB_ROOT/" || exit 9; ${script}\necho done; sleep 60`;
        const container = { name: "main", image: "app", command: ["sh", "-c", text], volumeMounts };
        const created = await client.create(PodKind, {
          metadata: { ...APP, labels: { app: "x" } },
          spec: { nodeName: "ebb", terminationGracePeriodSeconds: 0, ...spec, containers: [container] },
        });
        uid = created.metadata.uid;
        await until(() => /^done$/m.test(log()), log);
        return log().split("\n").slice(0, -2);
      },
    });
  } finally {
    await agent.stop({ graceMs: 0 });
    await server.stop();
  }
}

for (const kind of KIND_OF_MACHINE) {
  test(`${kind}: ConfigMap, Secret, downward API and token stand where they are mounted`, () =>
    world(kind, async ({ client, run }) => {
      const metadata = { namespace: "default", name: "data" };
      await client.create(ConfigMapKind, { metadata, data: { world: "wide", other: "o" } });
      await client.create(ServiceAccountKind, { metadata: { namespace: "default", name: "sa" } });
      await client.create(SecretKind, { metadata, data: { key: Buffer.from("s3cret").toString("base64") } });
      const sources = [
        { configMap: { name: "data", items: [{ key: "world", path: "deep/world" }] } },
        { secret: { name: "data" } },
        { downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] } },
        { serviceAccountToken: { path: "token", audience: "api" } },
      ];
      const lines = await run(
        {
          serviceAccountName: "sa",
          volumes: [
            { name: "map", configMap: { name: "data", defaultMode: 0o400 } },
            { name: "all", projected: { sources } },
            { name: "missing", configMap: { name: "none", optional: true } },
          ],
        },
        `cat ebb-test-hello/world; echo; stat -Lc %a ebb-test-hello/world
         for name in deep/world key labels token; do cat etc/ebb-test/all/$name; echo; done; ls ebb-test-none | wc -l`,
        [
          { name: "map", mountPath: "/ebb-test-hello", readOnly: true },
          { name: "all", mountPath: "/etc/ebb-test/all", readOnly: true },
          { name: "missing", mountPath: "/ebb-test-none", readOnly: true },
        ],
      );
      assert.deepEqual(lines, ["wide", "400", "wide", "s3cret", 'app="x"', "token-of-sa-for-api", "0"]);
      // Nothing of it is left on the machine, or was ever seen outside.
      for (const path of ["/ebb-test-hello", "/etc/ebb-test", "/ebb-test-none"]) assert.ok(!existsSync(path));
    }));

  test(`${kind}: an emptyDir is shared by name and can be written, in memory too; a subPath is a part of it`, () =>
    world(kind, async ({ run }) => {
      const lines = await run(
        {
          volumes: [
            { name: "work", emptyDir: {} },
            { name: "fast", emptyDir: { medium: "Memory" } },
          ],
        },
        "echo one > tmp/ebb-test-a/sub/file; cat tmp/ebb-test-b/file; echo two > ebb-test-fast/x; cat ebb-test-fast/x",
        [
          { name: "work", mountPath: "/tmp/ebb-test-a" },
          { name: "work", mountPath: "/tmp/ebb-test-b", subPath: "sub" },
          { name: "fast", mountPath: "/ebb-test-fast" },
        ],
      );
      assert.deepEqual(lines, ["one", "two"]);
    }));

  test(`${kind}: what a pod had in memory is gone with it`, () =>
    world(kind, async ({ client, run, memory }) => {
      const medium = [{ name: "fast", emptyDir: { medium: "Memory" } }];
      const mounts = [{ name: "fast", mountPath: "/ebb-test-fast" }];
      await run({ volumes: medium }, "echo x > ebb-test-fast/x", mounts);
      if (memory === undefined) return;
      assert.ok(existsSync(memory));
      await client.delete(PodKind, APP);
      await until(
        () => !existsSync(memory),
        () => client.list(PodKind),
      );
    }));

  test(`${kind}: a change of a ConfigMap arrives whole, a program sees old or new files and never a mixture`, () =>
    world(kind, async ({ client, run, log }) => {
      const metadata = { namespace: "default", name: "data" };
      const data = (value: string) => ({ a: value, b: value });
      await client.create(ConfigMapKind, { metadata, data: data("0") });
      await run(
        { volumes: [{ name: "map", configMap: { name: "data" } }] },
        `( while cd ebb-test-map/..data 2>/dev/null; do
             v="$(cat a)$(cat b)" && [ "$v" != "$last" ] && last=$v && echo "seen $v"; cd ../..; sleep 0.01; done ) &`,
        [{ name: "map", mountPath: "/ebb-test-map" }],
      );
      for (const value of ["1", "2", "3"]) {
        await client.update(ConfigMapKind, { metadata, data: data(value) });
        await until(() => log().includes(`seen ${value}${value}`), log);
      }
      for (const [, seen = ""] of log().matchAll(/^seen (.*)$/gm)) assert.match(seen, /^(.)\1$/);
    }));
}

test("a missing ConfigMap holds the pod up with a reason, and lets it start when it comes", () =>
  world("links", async ({ client, run, pod }) => {
    const running = run(
      { volumes: [{ name: "map", configMap: { name: "late" } }] },
      "cat ebb-test-map/a; echo",
      [{ name: "map", mountPath: "/ebb-test-map" }],
    );
    const waiting = async () => (await pod()).status?.containerStatuses?.[0]?.state?.waiting;
    await until(
      async () => (await waiting().catch(() => undefined))?.reason === "CreateContainerConfigError",
      waiting,
    );
    assert.equal(
      (await waiting())?.message,
      'MountVolume.SetUp failed for volume "map" : configmap "late" not found',
    );
    await client.create(ConfigMapKind, {
      metadata: { namespace: "default", name: "late" },
      data: { a: "b" },
    });
    assert.deepEqual(await running, ["b"]);
  }));

test("read-only mounts refuse writes, and other processes do not see them", { skip: !canMount }, () =>
  world("namespace", async ({ client, run }) => {
    await client.create(ConfigMapKind, {
      metadata: { namespace: "default", name: "data" },
      data: { a: "b" },
    });
    const lines = await run(
      { volumes: [{ name: "map", configMap: { name: "data" } }] },
      "(echo x > ebb-test-map/new) 2>/dev/null || echo refused; pwd; cat /proc/self/mountinfo | grep -c ebb-test-map",
      [{ name: "map", mountPath: "/ebb-test-map" }],
    );
    assert.deepEqual(lines, ["refused", "/", "1"]);
    assert.ok(!readFileSync("/proc/self/mountinfo", "utf8").includes("ebb-test-map"));
  }),
);

test("a pod whose emptyDir holds more than its limit is evicted, and its disk is free again", async () => {
  const { server, client, pods, newAgent } = await processNode({ folder: root, block: 19 });
  // The looks are ten seconds apart.
  const clock: Clock = { ...systemClock, schedule: (ms, run) => systemClock.schedule(ms / 50, run) };
  const agent = newAgent({ clock });
  await agent.start();
  try {
    const script = 'cd "$EBB_ROOT/cache"; head -c 900000 /dev/zero >a; sleep 1; cp a b; sleep 60';
    const mounts = [{ name: "cache", mountPath: "/cache" }];
    const container = { name: "main", image: "app", command: ["sh", "-c", script], volumeMounts: mounts };
    const { metadata } = await client.create(PodKind, {
      metadata: APP,
      spec: { containers: [container], volumes: [{ name: "cache", emptyDir: { sizeLimit: "1Mi" } }] },
    });
    const pod = () => client.get(PodKind, APP);
    await until(
      async () => (await pod()).status?.containerStatuses?.[0]?.state?.terminated !== undefined,
      pod,
    );
    const { status } = await pod();
    assert.deepEqual([status?.phase, status?.reason], ["Failed", "Evicted"]);
    assert.equal(status?.message, 'Usage of EmptyDir volume "cache" exceeds the limit "1Mi". ');
    await until(() => !existsSync(join(pods, metadata.uid ?? "")), pod);
  } finally {
    await agent.stop({ graceMs: 0 });
    await server.stop();
  }
});
