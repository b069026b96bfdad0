import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request } from "node:http";
import { type AddressInfo, createServer as createPort } from "node:net";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { parseConfig } from "../api/config/config.ts";
import type { DataPlaneSettings } from "../api/wire/settings.ts";
import { systemClock as clock } from "../base/clock.ts";
import { type Log, silentLog } from "../base/log.ts";
import { Observed } from "../base/metrics.ts";
import { systemNetwork } from "../http/network.ts";
import { EngineTelemetry } from "./telemetry.ts";

const network = systemNetwork(clock);
const SEVEN = new Observed("gauge", {
  name: "app.depth",
  unit: "",
  description: "How deep.",
  scope: "app",
  read: () => [{ attributes: {}, value: 7 }],
});

/** Telemetry that follows a configuration which the test changes. */
function following(context: TestContext) {
  const listeners: (() => void)[] = [];
  const told: DataPlaneSettings[] = [];
  const complaints: string[] = [];
  let data: Record<string, string> = {};
  const log: Log = { ...silentLog, error: (_, fields) => void complaints.push(String(fields?.error)) };
  const telemetry = new EngineTelemetry({
    clock,
    network,
    log,
    env: {},
    config: {
      readable: Promise.resolve(),
      current: () => parseConfig({ "config-observability": data }),
      onChange: (listener) => listeners.push(listener),
    },
    sources: async () => [{ resource: {}, metrics: [SEVEN] }],
    onSettings: (settings) => told.push(settings),
  });
  telemetry.start();
  context.after(() => telemetry.close());
  const set = (changed: Record<string, string>) => {
    data = changed;
    for (const listener of listeners) listener();
  };
  return { telemetry, told, complaints, set };
}

async function freePort(): Promise<number> {
  const server = createPort();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** What is served there, perhaps in a moment. */
async function page(port: number): Promise<string> {
  for (let tries = 0; ; tries++) {
    try {
      const outgoing = request({ host: "127.0.0.1", port, path: "/metrics", agent: false }).end();
      const [response] = await once(outgoing, "response");
      return await text(response);
    } catch (thrown) {
      if (tries > 100) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

test("the page comes, moves and goes with its setting, and the data plane hears of each change once", async (context) => {
  const { set, told, telemetry } = following(context);
  const [first, second] = [await freePort(), await freePort()];
  const at = (port: number) => ({
    "metrics-protocol": "prometheus",
    "metrics-endpoint": `127.0.0.1:${port}`,
  });
  set(at(first));
  assert.match(await page(first), /^app_depth\{.*\} 7$/m);
  set(at(second));
  assert.match(await page(second), /^app_depth\{.*\} 7$/m);
  await assert.rejects(network.connect({ ip: "127.0.0.1", port: first }, { timeoutMs: 500 }));
  set(at(second));
  assert.deepEqual(
    told.map(({ measures }) => measures),
    [false, true],
  );
  await telemetry.close();
  await assert.rejects(network.connect({ ip: "127.0.0.1", port: second }, { timeoutMs: 500 }));
});

test("a port that is taken is told with what to do, and does not keep the next setting from being followed", async (context) => {
  const { set, complaints } = following(context);
  const taken = createPort();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  context.after(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  set({ "metrics-protocol": "prometheus", "metrics-endpoint": `127.0.0.1:${port}` });
  const free = await freePort();
  set({ "metrics-protocol": "prometheus", "metrics-endpoint": `127.0.0.1:${free}` });
  assert.match(await page(free), /app_depth/);
  assert.match(complaints.join(), /EADDRINUSE.*choose another with metrics-endpoint in config-observability/);
});

test("a collector gets the metrics, the last time when the engine ends", async (context) => {
  const { set, telemetry } = following(context);
  const taken: string[] = [];
  const collector = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    taken.push(`${request.url} ${Buffer.concat(chunks).includes("app.depth")}`);
    response.end();
  });
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  context.after(() => collector.close());
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  set({ "metrics-protocol": "http/protobuf", "metrics-endpoint": endpoint, "metrics-export-interval": "1h" });
  await new Promise((resolve) => setImmediate(resolve));
  await telemetry.close();
  assert.deepEqual(taken, ["/v1/metrics true"]);
});
