import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { PodKind } from "../../src/api/pod/kind.ts";
import { RevisionKind } from "../../src/api/revision/kind.ts";
import { ServiceKind } from "../../src/api/service/kind.ts";
import { MOMENTS, type Timeline } from "../../src/api/wire/hosting.ts";
import { type Ebb, start } from "../../src/programs/library.ts";
import {
  childrenOf,
  commandLine,
  get,
  processesNaming,
  program,
  programsOf,
  readyUrl,
  removeFolder,
  service,
  shortenWindows,
  temporaryFolder,
  until,
} from "../support/engine.ts";

/** The library's engine from a first start to a second one on the same home. */

const folder = temporaryFolder("engine");
const home = `${folder}/home`;
const hello = { namespace: "default", name: "hello" };
let ebb: Ebb;

async function pods(name: string) {
  const labelSelector = `serving.knative.dev/service=${name}`;
  return (await ebb.client("admin").list(PodKind, { namespace: "default", labelSelector })).items;
}

function atZero(name: string): Promise<true> {
  return until(
    `${name} at zero`,
    async () => ((await pods(name)).length + programsOf(home, name).length === 0 ? true : undefined),
    30_000,
  );
}

function nextTimeline(): Promise<Timeline> {
  return new Promise((resolve) => {
    const stop = ebb.onColdRequest((timeline) => {
      stop();
      resolve(timeline);
    });
  });
}

describe("an engine as a library", () => {
  before(async () => {
    ebb = await start({ home });
    const { path, command } = program(folder);
    await ebb.images.add("hello", path, { command });
    await shortenWindows(ebb.client("admin"));
  });

  after(async () => {
    await ebb.stop();
    removeFolder(folder);
  });

  test("runs its data plane in a process of its own", () => {
    const others = childrenOf(process.pid).map(commandLine);
    assert.equal(others.filter((line) => line.includes("data-plane-process")).length, 1, others.join("\n"));
  });

  test("deploys a service, answers, and lets it go to zero", async () => {
    await ebb.client("admin").create(ServiceKind, service("hello", { image: "hello" }));
    const url = await readyUrl(ebb.client("admin"), "hello");
    assert.equal(url, `http://hello.default.localhost:${new URL(ebb.gateway).port}`);
    const answer = await get(url);
    assert.equal(answer.status, 200);
    assert.match(answer.body, /^hello-00001 \d+$/);
    assert.equal(answer.headers["x-ebb-error"], undefined);
    assert.equal(programsOf(home, "hello").length, 1);
    await atZero("hello");
  });

  test("holds a request at zero until a new pod answers it, and tells the moments in order", async () => {
    const told = nextTimeline();
    const answers = await Promise.all([
      get(await readyUrl(ebb.client("admin"), "hello")),
      get(await readyUrl(ebb.client("admin"), "hello")),
    ]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200],
    );
    const { moments, revision, podUid } = await told;
    assert.deepEqual(Object.keys(moments).sort(), [...MOMENTS].sort());
    const times = MOMENTS.map((name) => moments[name] ?? Number.NaN);
    assert.deepEqual(
      times.toSorted((a, b) => a - b),
      times,
      JSON.stringify(moments),
    );
    assert.equal(revision, "hello-00001");
    assert.equal((await pods("hello"))[0]?.metadata.uid, podUid);
  });

  test("a new template becomes a new revision, and no request is lost on the way", async () => {
    const url = await readyUrl(ebb.client("admin"), "hello");
    const body = {
      spec: { template: { spec: { containers: [{ image: "hello", env: [{ name: "A", value: "b" }] }] } } },
    };
    await ebb.client("admin").patch(ServiceKind, hello, { type: "merge", body });
    const answer = await until("an answer of the second revision", async () => {
      const { status, body } = await get(url);
      assert.equal(status, 200);
      return body.startsWith("hello-00002 ") ? body : undefined;
    });
    assert.match(answer, /^hello-00002/);
  });

  test("stop ends the pods, keeps the objects, and the next engine on this home serves them", async () => {
    const stopped = programsOf(home);
    assert.notEqual(stopped.length, 0);
    await ebb.stop();
    assert.deepEqual(programsOf(home), []);
    assert.deepEqual(processesNaming(home), []);
    ebb = await start({ home });
    const client = ebb.client("admin");
    const revisions = await client.list(RevisionKind, { namespace: "default" });
    assert.deepEqual(
      revisions.items.map(({ metadata }) => metadata.name),
      ["hello-00001", "hello-00002"],
    );
    const port = new URL(ebb.gateway).port;
    const url = await until("the URL with the new port", async () => {
      const { status } = await client.get(ServiceKind, hello);
      return status?.url?.endsWith(`:${port}`) ? status.url : undefined;
    });
    const { status, body } = await get(url);
    assert.equal(status, 200);
    assert.match(body, /^hello-00002/);
  });

  test("deleting the service ends all that it owned", async () => {
    await ebb.client("admin").delete(ServiceKind, hello);
    await atZero("hello");
    await until("no revision", async () =>
      (await ebb.client("admin").list(RevisionKind, { namespace: "default" })).items.length === 0
        ? true
        : undefined,
    );
  });
});
