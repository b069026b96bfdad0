import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { ConfigMapKind } from "../../src/api/config-map/kind.ts";
import { KINDS } from "../../src/api/kinds.ts";
import { NamespaceKind } from "../../src/api/namespace/kind.ts";
import { systemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { administrator } from "../../src/embedded/apiserver/access/identity.ts";
import { ApiServer } from "../../src/embedded/apiserver/api-server.ts";
import { SqliteStorage } from "../../src/embedded/apiserver/storage/sqlite-storage.ts";
import type { Row } from "../data-plane/rounds.ts";
import { rounded } from "../statistics.ts";
import { CONFIG_MAPS, filling } from "./config-maps.ts";

export const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";

/** The API server alone, in this process, so that the turns of its event loop can be measured while it lists. */
export async function listWithoutSockets(count: number): Promise<{ json: Row; table: Row }> {
  const folder = mkdtempSync(join(tmpdir(), "ebb-bench-list-"));
  const storage = new SqliteStorage({ path: join(folder, "state.db") });
  const common = { clock: systemClock, random: systemRandom, log: silentLog };
  const apiServer = new ApiServer({ ...common, storage, kinds: KINDS });
  await apiServer.start();
  const client = apiServer.clientFor("bench");
  await client.create(NamespaceKind, { metadata: { name: "default" }, spec: {} });
  for (let index = 0; index < count; index++)
    await client.create(ConfigMapKind, {
      metadata: { namespace: "default", name: `l${index}`, labels: { bench: "api" } },
      data: { filling },
    });
  await settle(apiServer);
  const json = await listed(apiServer, "application/json");
  const table = await listed(apiServer, TABLE);
  await apiServer.stop();
  rmSync(folder, { recursive: true });
  return { json, table };
}

/** What the creates left to do is done, and what any first request compiles is compiled: neither is the list's. */
async function settle(apiServer: ApiServer): Promise<void> {
  for (let time = 0; time < 3; time++) {
    await ask(apiServer, "/api/v1/namespaces/default", "application/json");
    await new Promise((next) => setTimeout(next, 200));
  }
}

async function listed(apiServer: ApiServer, accept: string): Promise<Row> {
  const longest: number[] = [];
  for (let time = 0; time < 5; time++) {
    const turns = monitorEventLoopDelay({ samplePerIteration: true } as never);
    turns.enable();
    await readList(apiServer, accept);
    turns.disable();
    longest.push(turns.max / 1e6);
  }
  // The first list compiles what the others use.
  return {
    "longest turn ms": rounded(Math.max(...longest.slice(1))),
    "of the first list": rounded(longest[0] ?? 0),
  };
}

function ask(apiServer: ApiServer, url: string, accept: string) {
  const { signal } = new AbortController();
  const request = { method: "GET", url, headers: { accept }, body: new Uint8Array(0), signal };
  return apiServer.handle(request, administrator("bench"));
}

async function readList(apiServer: ApiServer, accept: string): Promise<void> {
  const response = await ask(apiServer, CONFIG_MAPS, accept);
  if (typeof response.body === "string") return;
  // A socket that takes everything at once: each chunk is taken in a turn of its own.
  for await (const _ of response.body) await new Promise((next) => setImmediate(next));
}
