import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
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

/** What Ready of an Ingress means: every gateway serves the new rules, and nobody the old ones (spec G-028). */

const folder = temporaryFolder("update");
let engine: Engine;

before(async () => {
  engine = await engineUp({ home: join(folder, "home") });
  await addImage(engine.home, "hello", program(folder));
});

after(async () => {
  await engine.stop();
  removeFolder(folder);
});

interface Asked {
  readonly askedMs: number;
  /** The Revision that answered, or what came instead. */
  readonly answer: string;
}

/** Asks on kept and on new connections until `over`; answers go into `all`. */
async function load(url: string, { all, over }: { all: Asked[]; over: () => boolean }): Promise<void> {
  const kept = new Agent({ keepAlive: true });
  const lane = async (agent: Agent | false) => {
    while (!over()) {
      const askedMs = performance.now();
      all.push({ askedMs, answer: await ask(url, agent) });
    }
  };
  await Promise.all([lane(kept), lane(kept), lane(false)]);
  kept.destroy();
}

function ask(url: string, agent: Agent | false): Promise<string> {
  const { host, port } = new URL(url);
  return new Promise((resolve) => {
    const outgoing = request({ host: "127.0.0.1", port, headers: { host }, agent }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.once("error", (error) => resolve(`cut: ${error.message}`));
      response.once("end", () =>
        resolve(response.statusCode === 200 ? (body.split(" ")[0] ?? "") : `status ${response.statusCode}`),
      );
    });
    outgoing.once("error", (error) => resolve(`lost: ${error.message}`));
    outgoing.end();
  });
}

test("once an update is Ready the old revision answers nothing any more, and no request is lost on the way", async () => {
  const annotations = { "autoscaling.knative.dev/min-scale": "1" };
  await engine.client.create(ServiceKind, service("hello", { image: "hello", annotations }));
  const url = await readyUrl(engine.client, "hello");
  let isOver = false;
  const all: Asked[] = [];
  const asked = load(url, { all, over: () => isOver });
  const readyMs = [performance.now()];
  for (const turn of [2, 3, 4, 5]) {
    const env = [{ name: "TURN", value: String(turn) }];
    const { spec } = service("hello", { image: "hello", annotations, container: { env } });
    const body = { spec };
    await engine.client.patch(ServiceKind, { namespace: "default", name: "hello" }, { type: "merge", body });
    await readyUrl(engine.client, "hello");
    readyMs.push(performance.now());
    const answered = all.length;
    await until("answers of this one", () => all.length > answered + 50 || undefined);
  }
  isOver = true;
  await asked;
  const odd = all.filter(({ answer }) => !/^hello-0000[1-5]$/.test(answer));
  assert.deepEqual(odd, []);
  const stale = all.filter(({ askedMs, answer }) => {
    const newest = readyMs.filter((ms) => ms <= askedMs).length;
    return Number(answer.slice(-1)) < newest;
  });
  assert.deepEqual(stale, []);
  assert.equal(all.at(-1)?.answer, "hello-00005");
});
