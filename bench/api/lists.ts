import type { Row } from "../data-plane/rounds.ts";
import type { Engine } from "../engine.ts";
import { rounded, summary } from "../statistics.ts";
import { CONFIG_MAPS } from "./config-maps.ts";
import { Connection } from "./connection.ts";
import { write } from "./generators.ts";
import { listWithoutSockets, TABLE } from "./list-slices.ts";

const TIMES = 5;

/**
 * A list of 10,000 ConfigMaps in one answer: over HTTPS, with what somebody else waits meanwhile; and in this process
 * without sockets, where the turns of the event loop can be measured. About 30 s.
 */
export async function measureLists(engine: Engine, smoke: boolean): Promise<Row[]> {
  const count = smoke ? 500 : 10_000;
  await write(engine, { verb: "create", prefix: "l", count, writers: 32 });
  const json = await listed(engine, "application/json");
  const table = await listed(engine, TABLE);
  const slices = await listWithoutSockets(count);
  return [
    { what: `JSON of ${count}`, ...json, ...slices.json },
    { what: `Table of ${count}`, ...table, ...slices.table },
  ];
}

async function listed(engine: Engine, accept: string): Promise<Row> {
  const connection = new Connection(engine, 1);
  const bystander = new Connection(engine, 1);
  const took: number[] = [];
  const waited: number[] = [];
  let bytes = 0;
  for (let time = 0; time < TIMES; time++) {
    let listing = true;
    const pings = (async () => {
      while (listing) {
        const asked = performance.now();
        await bystander.send("GET", "/api/v1/namespaces/default");
        waited.push(performance.now() - asked);
      }
    })();
    const started = performance.now();
    bytes = await connection.send("GET", CONFIG_MAPS, { accept });
    took.push(performance.now() - started);
    listing = false;
    await pings;
  }
  connection.close();
  bystander.close();
  const { p50, max } = summary(took);
  const bystanders = summary(waited);
  return {
    MiB: rounded(bytes / 2 ** 20),
    "p50 ms": p50,
    "max ms": max,
    "bystander's p50 ms": bystanders.p50,
    "its p99": bystanders.p99,
  };
}
