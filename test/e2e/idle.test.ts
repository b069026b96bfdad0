import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { ConfigMapKind } from "../../src/api/config-map/kind.ts";
import type { Kind } from "../../src/api/kind.ts";
import { KINDS } from "../../src/api/kinds.ts";
import { PodKind } from "../../src/api/pod/kind.ts";
import { ServiceKind } from "../../src/api/service/kind.ts";
import { start } from "../../src/programs/library.ts";
import {
  get,
  program,
  readyUrl,
  removeFolder,
  service,
  shortenWindows,
  temporaryFolder,
  until,
} from "../support/engine.ts";

const folder = temporaryFolder("idle");
after(() => removeFolder(folder));

const IDLE_MS = 20_000;

test("an engine with a pod that runs and a Service at zero writes nothing while nobody asks", async () => {
  const ebb = await start({ home: `${folder}/home` });
  const ended = new AbortController();
  try {
    const client = ebb.client("admin");
    const { path, command } = program(folder);
    await ebb.images.add("hello", path, { command });
    await shortenWindows(client);
    const kept = service("kept", {
      image: "hello",
      annotations: { "autoscaling.knative.dev/min-scale": "1" },
    });
    for (const one of [service("resting", { image: "hello" }), kept]) await client.create(ServiceKind, one);
    for (const name of ["resting", "kept"]) await get(await readyUrl(client, name));
    const podCount = async () => (await client.list(PodKind)).items.length;
    await until("one pod is left", async () => ((await podCount()) === 1 ? true : undefined));
    await pause(6_000);
    const writes: string[] = [];
    const { resourceVersion } = await client.list(ConfigMapKind);
    for (const kind of KINDS as readonly Kind[])
      void client.watch(
        kind,
        { resourceVersion },
        (event) => {
          if ("object" in event) writes.push(`${event.type} ${kind.kind} ${event.object.metadata.name}`);
        },
        ended.signal,
      );
    await pause(IDLE_MS);
    assert.deepEqual(writes, []);
    assert.equal((await client.list(ConfigMapKind)).resourceVersion, resourceVersion);
  } finally {
    ended.abort();
    await ebb.stop();
  }
});
