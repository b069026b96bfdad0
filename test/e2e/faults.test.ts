import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ConfigMapKind } from "../../src/api/config-map/kind.ts";
import { ServiceKind } from "../../src/api/service/kind.ts";
import { parseKubeconfig } from "../../src/kube/kubeconfig.ts";
import {
  addImage,
  type Engine,
  engineUp,
  get,
  processesNaming,
  program,
  programsOf,
  readyCondition,
  readyUrl,
  removeFolder,
  service,
  temporaryFolder,
  until,
} from "../support/engine.ts";

/** What users do wrong and what machines do to an engine, each with a whole engine. */

const folder = temporaryFolder("faults");
const key = (name: string) => ({ namespace: "default", name });
let engine: Engine;

before(async () => {
  engine = await engineUp({ home: join(folder, "home") });
});

after(async () => {
  await engine.stop();
  removeFolder(folder);
});

/** The Service's Ready condition once it is False. */
function failureOf(name: string) {
  return until(`${name} not Ready`, async () => {
    const ready = await readyCondition(engine.client, key(name));
    return ready?.status === "False" ? ready : undefined;
  });
}

describe("a service that cannot run", () => {
  test("an image that the store lacks: Ready names the line that would help", async () => {
    await engine.client.create(ServiceKind, service("missing", { image: "registry.example/team/app:v1" }));
    const { reason, message } = await failureOf("missing");
    assert.equal(reason, "RevisionFailed");
    assert.match(message ?? "", /registry\.example\/team\/app:v1/);
    assert.match(message ?? "", /ebb image add registry\.example\/team\/app:v1 PATH/);
  });

  test("an image that is added later makes the service Ready", async () => {
    await addImage(engine.home, "registry.example/team/app:v1", program(folder));
    const body = { spec: { template: { metadata: { annotations: { again: "1" } } } } };
    await engine.client.patch(ServiceKind, key("missing"), { type: "merge", body });
    assert.equal((await get(await readyUrl(engine.client, "missing"))).status, 200);
  });

  test("a program that exits at once: Ready has its exit code and last line", async () => {
    const source = 'console.error("starting"); console.error("no database at db:5432"); process.exit(7);';
    await addImage(engine.home, "exits", program(folder, source));
    await engine.client.create(ServiceKind, service("exits", { image: "exits" }));
    const { reason, message } = await failureOf("exits");
    assert.equal(reason, "RevisionFailed");
    assert.match(message ?? "", /no database at db:5432 \(exit code 7\)\.$/);
  });

  test("a program that never opens its port: Ready says so, and waiting requests end with an error of ebb", async () => {
    await addImage(engine.home, "mute", program(folder, "setInterval(() => {}, 1000);"));
    const annotations = { "serving.knative.dev/progress-deadline": "5s" };
    const spec = { timeoutSeconds: 3, responseStartTimeoutSeconds: 3 };
    await engine.client.create(ServiceKind, service("mute", { image: "mute", annotations, spec }));
    const { reason, message } = await failureOf("mute");
    assert.equal(reason, "RevisionFailed");
    assert.match(message ?? "", /^Revision "mute-00001" failed with message: .*timed out progressing/);
    const url = `http://mute.default.localhost:${new URL(engine.ready.gateway).port}`;
    const answer = await get(url);
    assert.equal(answer.status >= 404, true);
    assert.notEqual(answer.headers["x-ebb-error"], undefined);
  });
});

interface Told {
  readonly code: number;
  readonly body: { message?: string; details?: unknown };
  readonly warnings: string | undefined;
}

/** Posts a manifest as kubectl does, without our own client's knowledge of the kind. */
function post(manifest: unknown, fieldValidation: string): Promise<Told> {
  const access = parseKubeconfig(engineKubeconfig(), () => "");
  const path = `/apis/serving.knative.dev/v1/namespaces/default/services?fieldValidation=${fieldValidation}`;
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(path, access.server), {
      method: "POST",
      agent: false,
      ...(access.ca ? { ca: access.ca } : {}),
      headers: { authorization: `Bearer ${access.token}`, "content-type": "application/json" },
    });
    outgoing.once("error", reject);
    outgoing.once("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
      });
      response.once("end", () =>
        resolve({
          code: response.statusCode ?? 0,
          body: JSON.parse(text),
          warnings: response.headers.warning as string | undefined,
        }),
      );
    });
    outgoing.end(JSON.stringify(manifest));
  });
}

function engineKubeconfig(): string {
  return readFileSync(engine.ready.kubeconfig, "utf8");
}

/** A manifest of a Service whose one container has these fields. */
function manifest(name: string, container: unknown) {
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name },
    spec: { template: { spec: { containers: [container] } } },
  };
}

describe("a manifest with a mistake", () => {
  const isStored = async (name: string) =>
    (await engine.client.list(ServiceKind, { namespace: "default" })).items.some(
      ({ metadata }) => metadata.name === name,
    );

  test("an unknown field is refused under Strict, and pruned with a warning otherwise", async () => {
    const typo = manifest("typo", { image: "mute", imagePullPolcy: "Always" });
    const refused = await post(typo, "Strict");
    assert.equal(refused.code, 400);
    assert.equal(
      refused.body.message,
      'Service in version "v1" cannot be handled as a Service: strict decoding error: unknown field "spec.template.spec.containers[0].imagePullPolcy"',
    );
    assert.equal(await isStored("typo"), false);
    const warned = await post(typo, "Warn");
    assert.equal(warned.code, 201);
    const warning = '299 - "unknown field \\"spec.template.spec.containers[0].imagePullPolcy\\""';
    assert.equal(warned.warnings?.split(", ")[0], warning);
    assert.equal(JSON.stringify(warned.body).includes("imagePullPolcy"), false);
    await engine.client.delete(ServiceKind, key("typo"));
  });

  test("a bad quantity and a refused probe name their field and rule, and nothing is stored", async () => {
    const cases: [string, unknown, RegExp][] = [
      ["quantity", { image: "mute", resources: { limits: { memory: "1Gib" } } }, /quantit/],
      [
        "probe",
        { image: "mute", readinessProbe: { httpGet: { path: "/" }, tcpSocket: { port: 0 } } },
        /expected exactly one, got both: spec\.template\.spec\.containers\[0\]\.readinessProbe\.httpGet, spec\.template\.spec\.containers\[0\]\.readinessProbe\.tcpSocket/,
      ],
      [
        "period",
        { image: "mute", readinessProbe: { periodSeconds: -1, httpGet: { path: "/" } } },
        /spec\.template\.spec\.containers\[0\]\.readinessProbe\.periodSeconds/,
      ],
    ];
    for (const [name, container, rule] of cases) {
      const { code, body } = await post(manifest(name, container), "Strict");
      assert.equal(code >= 400 && code < 500, true, `${name}: ${code}`);
      assert.match(body.message ?? "", rule);
      assert.equal(await isStored(name), false);
    }
  });
});

describe("kill -9", () => {
  test("of the data plane: the engine says so, ends the pods and exits 1", async () => {
    const home = join(folder, "data-plane");
    const other = await engineUp({ home });
    await addImage(home, "app", program(folder));
    await other.client.create(ServiceKind, service("app", { image: "app" }));
    await readyUrl(other.client, "app");
    process.kill(other.dataPlanePid(), "SIGKILL");
    const { code, stderr } = await other.command.ended;
    other.client.close();
    assert.equal(code, 1);
    assert.match(stderr, /^ebb: the data-plane process was ended by SIGKILL/m);
    assert.deepEqual(programsOf(home), []);
    assert.deepEqual(processesNaming(home), []);
  });

  test("of the engine during writes: every acknowledged object is there, no orphan is left, the service answers", async () => {
    const home = join(folder, "killed");
    let killed = await engineUp({ home });
    await addImage(home, "app", program(folder));
    await killed.client.create(ServiceKind, service("app", { image: "app" }));
    await readyUrl(killed.client, "app");
    const acknowledged: string[] = [];
    for (let round = 0; round < 2; round++) {
      const writing = writeUntilRefused(killed, `round-${round}`, acknowledged);
      await until("some writes", () => (acknowledged.length > 20 * (round + 1) ? true : undefined));
      await killed.kill();
      await writing;
      killed = await engineUp({ home });
      const { items } = await killed.client.list(ConfigMapKind, { namespace: "default" });
      const names = new Set(items.map(({ metadata }) => metadata.name));
      assert.deepEqual(
        acknowledged.filter((name) => !names.has(name)),
        [],
      );
      const url = await currentUrl(killed, "app");
      assert.match((await get(url)).body, /^app-00001 /);
      assert.equal(programsOf(home).length, 1);
    }
    await killed.client.delete(ServiceKind, key("app"));
    await until("no program", () => (programsOf(home).length === 0 ? true : undefined));
    assert.equal((await killed.stop()).code, 0);
    assert.deepEqual(processesNaming(home), []);
  });
});

/** The URL with the port of this start. */
function currentUrl({ client, ready }: Engine, name: string): Promise<string> {
  return until("the URL with the new port", async () => {
    const url = await readyUrl(client, name);
    return url.endsWith(`:${new URL(ready.gateway).port}`) ? url : undefined;
  });
}

async function writeUntilRefused({ client }: Engine, prefix: string, acknowledged: string[]): Promise<void> {
  const writer = async (lane: number) => {
    for (let count = 0; ; count++) {
      const name = `${prefix}-${lane}-${count}`;
      await client.create(ConfigMapKind, {
        metadata: { name, namespace: "default" },
        data: { lane: `${lane}` },
      });
      acknowledged.push(name);
    }
  };
  await Promise.allSettled([1, 2, 3, 4].map(writer));
}
