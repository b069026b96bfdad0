/**
 * Time of one create and one update in the API server itself, from request to answer, with one watcher inside as in
 * the engine, without sockets and disk: what of the cost is ours. The least of several rounds counts, since only that
 * is the same on a busy machine. Prints JSON.
 *
 *   node bench/micro/api-writes.ts [--rounds 10] [--writes 5000]
 */
import { parseArgs } from "node:util";
import { ConfigMapKind } from "../../src/api/config-map/kind.ts";
import { KINDS } from "../../src/api/kinds.ts";
import { NamespaceKind } from "../../src/api/namespace/kind.ts";
import { systemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { administrator } from "../../src/embedded/apiserver/access/identity.ts";
import { ApiServer } from "../../src/embedded/apiserver/api-server.ts";
import { MemoryStorage } from "../../src/embedded/apiserver/storage/memory-storage.ts";
import { CONFIG_MAPS, configMapText } from "../api/config-maps.ts";
import { rounded } from "../statistics.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "10" }, writes: { type: "string", default: "5000" } },
});
const [rounds, writes] = [Number(values.rounds), Number(values.writes)];
const BATCH = 64;

const ports = { clock: systemClock, random: systemRandom, log: silentLog };
const apiServer = new ApiServer({ ...ports, storage: new MemoryStorage(), kinds: KINDS });
await apiServer.start();
const client = apiServer.clientFor("bench");
await client.create(NamespaceKind, { metadata: { name: "default" }, spec: {} });
const watching = new AbortController();
const watched = { fields: [], resourceVersion: "0" };
void client.watch(ConfigMapKind, watched, () => {}, watching.signal);

const admin = administrator("admin");
const headers = { host: "127.0.0.1", "user-agent": "bench/1", "content-type": "application/json" };

async function write(method: "POST" | "PUT", name: string): Promise<void> {
  const response = await apiServer.handle(
    {
      method,
      url: method === "POST" ? CONFIG_MAPS : `${CONFIG_MAPS}/${name}`,
      headers,
      body: Buffer.from(configMapText(name, { dueMs: String(performance.now()) })),
      signal: watching.signal,
    },
    admin,
  );
  if (response.status >= 300) throw new Error(`${method} ${name}: ${response.status} ${response.body}`);
}

/** CPU of this thread, microseconds a write. */
async function timed(method: "POST" | "PUT", prefix: string): Promise<number> {
  const before = process.threadCpuUsage();
  for (let first = 0; first < writes; first += BATCH) {
    await Promise.all(
      Array.from({ length: BATCH }, (_, index) => write(method, `${prefix}-${first + index}`)),
    );
    await new Promise((next) => setImmediate(next));
  }
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / (Math.ceil(writes / BATCH) * BATCH);
}

const creates: number[] = [];
const updates: number[] = [];
for (let round = 0; round < rounds; round++) {
  creates.push(await timed("POST", `m${round}`));
  updates.push(await timed("PUT", `m${round}`));
}
watching.abort();
await apiServer.stop();
console.log(
  JSON.stringify({
    "create, µs": rounded(Math.min(...creates)),
    "update, µs": rounded(Math.min(...updates)),
  }),
);
