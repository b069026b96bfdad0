import { setTimeout as pause } from "node:timers/promises";
import { systemClock } from "../../src/base/clock.ts";
import { messageOf } from "../../src/base/errors.ts";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { LoneQueueProxy } from "../../src/data-plane/queue-proxy/lone.ts";
import { systemNetwork } from "../../src/http/network.ts";
import { tlsNetwork } from "../../src/http/tls.ts";
import type { TlsSettings } from "../../src/http/tls-identity.ts";
import { judgeGolden, verdictOf } from "../support/golden.ts";
import { exceptions } from "./queue-proxy.exceptions.ts";
import { bytesOf } from "./wire/byte-reader.ts";
import { compareBackend, compareClient, fits, outcomeOf } from "./wire/compare.ts";
import type { Http2Step } from "./wire/http2-backend.ts";
import { type Http2ClientSpec, runHttp2Client } from "./wire/http2-client.ts";
import { compareMetrics, type Metrics, readMetrics } from "./wire/prometheus-client.ts";
import { type BackendStep, ScriptedBackend } from "./wire/scripted-backend.ts";
import { type ClientSpec, dial, runClient, type Seen } from "./wire/scripted-client.ts";

/**
 * The recorded queue-proxy against ours, over loopback sockets. Each case gets an address of its own in 127/8, on which
 * both the queue-proxy and the application listen at their usual ports.
 */

interface BackendSpec {
  port?: number;
  listening?: boolean;
  listenAfterMs?: number;
  bodyFirst?: boolean;
  /** "h2": HTTP/2 by prior knowledge, whose steps are the other kind. */
  kind?: string;
  tls?: { cert: string; key: string };
  steps?: BackendStep[];
  routes?: BackendStep[][];
  connections?: BackendStep[][];
  onAccept?: BackendStep[];
}

interface NamedClient extends ClientSpec, Http2ClientSpec {
  name?: string;
  type?: string;
  port?: string | number;
  startMs?: number;
  after?: string;
  count?: number;
  pollMs?: number;
  signal?: string;
  ports?: number[];
}

interface QueueProxyCase {
  readonly id: string;
  readonly env?: Record<string, string | null>;
  readonly backend?: BackendSpec;
  readonly backends?: BackendSpec[];
  readonly client?: NamedClient;
  readonly clients?: NamedClient[];
  readonly expect: Record<string, unknown>;
  readonly expectExit?: boolean;
  readonly log?: boolean;
  readonly files?: Record<string, string>;
  readonly occupyPort?: number;
  readonly settleMs?: number;
}

const BASE_ENV: Record<string, string> = {
  CONTAINER_CONCURRENCY: "0",
  QUEUE_SERVING_PORT: "8012",
  QUEUE_SERVING_TLS_PORT: "8112",
  USER_PORT: "8080",
  REVISION_TIMEOUT_SECONDS: "300",
  SERVING_READINESS_PROBE: '{"tcpSocket":{"port":8080,"host":"127.0.0.1"},"successThreshold":1}',
  SERVING_LOGGING_CONFIG: "",
  SERVING_LOGGING_LEVEL: "",
  SERVING_NAMESPACE: "default",
  SERVING_SERVICE: "hello",
  SERVING_CONFIGURATION: "hello",
  SERVING_REVISION: "hello-00001",
  SERVING_POD: "pod",
  SERVING_POD_IP: "127.0.0.1",
  SYSTEM_NAMESPACE: "knative-serving",
  HOSTNAME: "pod",
};
const PORTS: Record<string, number> = {
  admin: 8022,
  metrics: 9090,
  usermetrics: 9091,
  tls: 8112,
  "serving-h2c": 8013,
};

let cases = 0;
const block = 116 + (process.pid % 100);
const nextIp = (): string => {
  cases += 1;
  return `127.${block}.${Math.floor(cases / 250) + 1}.${(cases % 250) + 1}`;
};

judgeGolden<QueueProxyCase>({
  file: "queue-proxy.jsonl",
  exceptions,
  concurrency: 24,
  plays: 3,
  judge: async (recorded) => verdictOf(await judgeOnce(recorded)),
});

/** Longer than any recorded case. */
const CASE_LIMIT_MS = 60_000;

async function judgeOnce(recorded: QueueProxyCase): Promise<string[]> {
  const limit = pause(CASE_LIMIT_MS, [`the case took longer than ${CASE_LIMIT_MS} ms`], { ref: false });
  return Promise.race([play(recorded), limit]);
}

async function play(recorded: QueueProxyCase): Promise<string[]> {
  const ip = nextIp();
  const specs = recorded.backends ?? (recorded.backend ? [recorded.backend] : []);
  const backends = specs.map((spec) => ({ spec, backend: backendOf(spec, ip) }));
  const lines: string[] = [];
  const world = await startWorld(recorded, ip, (line) => void lines.push(line));
  try {
    if (recorded.expectExit) return compareExit(recorded, world.failure);
    if (world.failure !== undefined) return [`the queue-proxy did not start: ${world.failure}`];
    for (const { spec, backend } of backends) await listenAsTold(spec, backend);
    const seen = await runClients(recorded, world);
    await pause(recorded.settleMs ?? 0);
    const errors = [...compareClients(recorded, seen, world), ...compareLog(recorded, lines.join(""), ip)];
    const saw = recorded.expect.backendSaw as Record<string, unknown> | undefined;
    const [only] = backends;
    if (saw && only) errors.push(...compareBackend("backend", saw, only.backend));
    const sawEach = (recorded.expect.backendsSaw ?? []) as Record<string, unknown>[];
    sawEach.forEach((want, index) => {
      const backend = backends[index]?.backend;
      if (backend) errors.push(...compareBackend(`backend${index}`, want, backend));
    });
    return errors.map((error) => error.replaceAll(ip, "127.0.0.1"));
  } finally {
    await world.close();
    for (const { backend } of backends) backend.close();
  }
}

const PSEUDO = [":method", ":path", ":scheme", ":authority"];

function backendOf(spec: BackendSpec, ip: string): ScriptedBackend {
  return new ScriptedBackend({
    ip,
    port: spec.port ?? 8080,
    bodyFirst: spec.bodyFirst ?? true,
    ...(spec.tls && { tls: spec.tls }),
    ...(spec.onAccept && { onAccept: spec.onAccept }),
    ...(spec.kind === "h2" && {
      http2: { proto: "HTTP/2", pseudo: PSEUDO, stepsFor: () => (spec.steps ?? []) as Http2Step[] },
    }),
    stepsFor: (seen, connection) => {
      const byConnection = spec.connections?.[Math.min(connection, spec.connections.length - 1)];
      const routes = byConnection ? [byConnection] : (spec.routes ?? [spec.steps ?? []]);
      return routes.find(([first]) => seen.startLine.startsWith(first?.expectStartsWith ?? ""));
    },
  });
}

async function listenAsTold(spec: BackendSpec, backend: ScriptedBackend): Promise<void> {
  if (spec.listening === false) return;
  if (spec.listenAfterMs) setTimeout(() => void backend.listen(), spec.listenAfterMs);
  else await backend.listen();
}

interface World {
  readonly ip: string;
  /** Why it did not start. */
  readonly failure: string | undefined;
  readonly proxy: LoneQueueProxy | undefined;
  /** The program's exit code. */
  readonly exited: Promise<number>;
  readonly metrics: Map<string, Metrics>;
  close(): Promise<void>;
}

/** As the program reads them. */
function servingTls(files: Record<string, string>) {
  const folder = "/var/lib/knative/certs";
  const identity = { cert: files[`${folder}/tls.crt`] ?? "", key: files[`${folder}/tls.key`] ?? "" };
  const serving = { network: systemNetwork(systemClock), identityFor: () => identity };
  return (settings: TlsSettings) => tlsNetwork({ clock: systemClock, settings, serving });
}

async function startWorld(
  recorded: QueueProxyCase,
  ip: string,
  writeLine: (line: string) => void,
): Promise<World> {
  const env: Record<string, string | undefined> = { ...BASE_ENV };
  for (const [name, value] of Object.entries(recorded.env ?? {})) env[name] = value ?? undefined;
  const clock = systemClock;
  const network = systemNetwork(clock);
  const squatter = recorded.occupyPort
    ? await network.listen({ ip, port: recorded.occupyPort }, (conn) => conn.reset())
    : undefined;
  const { promise: exited, resolve: exit } = Promise.withResolvers<number>();
  let proxy: LoneQueueProxy | undefined;
  let failure: string | undefined;
  try {
    proxy = new LoneQueueProxy({
      env,
      clock,
      random: systemRandom,
      network,
      log: silentLog,
      ip,
      applicationIp: ip,
      readFile: () => "",
      writeLine,
      probeTls: tlsNetwork({ clock, trust: { serverName: "", acceptedNames: ["127.0.0.1"] } }),
      ...(recorded.files && { servingTls: servingTls(recorded.files) }),
      profiler: { cpu: async () => "{}", heap: async () => "{}" },
      exit,
    });
    await proxy.start();
  } catch (thrown) {
    failure = messageOf(thrown);
  }
  const close = async () => {
    await proxy?.close();
    await squatter?.close();
  };
  return { ip, failure, proxy, exited, metrics: new Map(), close };
}

/** What the program prints before it ends with code 1 is the message of the error. */
function compareExit(recorded: QueueProxyCase, failure: string | undefined): string[] {
  if (failure === undefined) return ["the queue-proxy started"];
  const want = recorded.expect.process as { stderr?: unknown; output?: unknown };
  if (want.stderr !== undefined && !fits(want.stderr, `${failure}\n`)) return [`stderr: got ${failure}`];
  if (want.output !== undefined && !fits(want.output, failure)) return [`output: got ${failure}`];
  return [];
}

async function runClients(recorded: QueueProxyCase, world: World): Promise<Map<string, Seen>> {
  const { ip } = world;
  const clients = recorded.clients ?? (recorded.client ? [{ name: "client", ...recorded.client }] : []);
  const seen = new Map<string, Seen>();
  const finished = new Map<string, PromiseWithResolvers<void>>();
  for (const { name = "client" } of clients) finished.set(name, Promise.withResolvers<void>());
  const servingPort = Number(recorded.env?.QUEUE_SERVING_PORT ?? BASE_ENV.QUEUE_SERVING_PORT);
  const runOne = async (client: NamedClient, key: string): Promise<void> => {
    const special = SPECIAL[client.type ?? ""];
    if (special) {
      seen.set(key, await special(client, world));
      return;
    }
    const port =
      typeof client.port === "number" ? client.port : (PORTS[client.port ?? "serving"] ?? servingPort);
    const run = client.type === "h2" ? runHttp2Client : runClient;
    seen.set(key, asRecorded(await run(client, { ip, port, from: "127.0.0.1" }), ip));
  };
  const runNamed = async (client: NamedClient): Promise<void> => {
    const name = client.name ?? "client";
    if (client.after !== undefined) await finished.get(client.after)?.promise;
    await pause(client.startMs ?? 0);
    const count = client.count ?? 1;
    const keys = Array.from({ length: count }, (_, index) => (count === 1 ? name : `${name}#${index}`));
    await Promise.all(keys.map((key) => runOne(client, key)));
    finished.get(name)?.resolve();
  };
  await Promise.all(clients.map(runNamed));
  return seen;
}

/** An address of ours inside a body is longer than 127.0.0.1, and so is the body. */
function asRecorded(seen: Seen, ip: string): Seen {
  if (!seen.body?.includes(ip) || seen.framing !== "length") return seen;
  const body = seen.body.replaceAll(ip, "127.0.0.1");
  const isLength = (name: string) => name.toLowerCase() === "content-length";
  const headers = seen.headers?.map(([name, value]): [string, string] => [
    name,
    isLength(name) ? String(body.length) : value,
  ]);
  return { ...seen, body, ...(headers && { headers }) };
}

/** Clients that do not speak to the serving port. */
const SPECIAL: Record<string, (client: NamedClient, world: World) => Promise<Seen>> = {
  stats: ({ pollMs = 3000 }, { ip }) => pollStats(pollMs, ip),
  prometheus: async ({ name = "client" }, { ip, metrics }) => {
    metrics.set(name, await readMetrics({ ip, port: 9091 }));
    return {};
  },
  signal: async (_client, { proxy }) => {
    proxy?.stop();
    return {};
  },
  exit: async (_client, { exited }) => {
    const startedMs = Date.now();
    const exitCode = await exited;
    return { exitCode, doneMs: Date.now() - startedMs };
  },
  ports: async ({ ports = [] }, { ip }) => {
    const isOpen = (port: number) =>
      dial({ ip, port }).then(
        (socket) => socket.destroy() !== undefined,
        () => false,
      );
    const open = await Promise.all(ports.map(async (port) => [port, await isOpen(port)] as const));
    return { open: Object.fromEntries(open) };
  },
};

async function pollStats(pollMs: number, ip: string): Promise<Seen> {
  const reports = new Map<number, Record<string, number | string>>();
  const fields = new Set<string>();
  const result: Seen = {};
  const end = Date.now() + pollMs;
  while (Date.now() < end) {
    const send = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    const answer = await runClient({ send, closeWaitMs: 0 }, { ip, port: 9090 });
    if (answer.status === 200) {
      const stat = decodeStat(bytesOf(answer.body ?? ""));
      for (const field of Object.keys(stat)) fields.add(field);
      result.contentType = answer.headers?.find(([name]) => name.toLowerCase() === "content-type")?.[1];
      result.podName = stat.podName;
      if (stat.processUptime !== undefined) reports.set(Number(stat.processUptime), stat);
    }
    await pause(100);
  }
  const total = (field: string) =>
    Math.round([...reports.values()].reduce((sum, stat) => sum + Number(stat[field] ?? 0), 0) * 1000) / 1000;
  result.fields = [...fields].sort();
  result.requestCountSum = total("requestCount");
  result.proxiedRequestCountSum = total("proxiedRequestCount");
  result.avgConcurrencySum = total("averageConcurrentRequests");
  result.avgProxiedConcurrencySum = total("averageProxiedConcurrentRequests");
  return result;
}

const STAT_FIELDS = [
  "",
  "podName",
  "averageConcurrentRequests",
  "averageProxiedConcurrentRequests",
  "requestCount",
  "proxiedRequestCount",
  "processUptime",
  "timestamp",
];

/** Independent of the encoder under test: fields 1 (text) and 2…6 (doubles) alone are expected. */
function decodeStat(bytes: Buffer): Record<string, number | string> {
  const stat: Record<string, number | string> = {};
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at] ?? 0;
    const name = STAT_FIELDS[tag >> 3] ?? String(tag >> 3);
    if ((tag & 7) === 2) {
      const length = bytes[at + 1] ?? 0;
      stat[name] = bytes.toString("latin1", at + 2, at + 2 + length);
      at += 2 + length;
    } else if ((tag & 7) === 1) {
      stat[name] = bytes.readDoubleLE(at + 1);
      at += 9;
    } else {
      throw new Error(`field ${name} has wire type ${tag & 7}`);
    }
  }
  return stat;
}

function compareLog(recorded: QueueProxyCase, text: string, ip: string): string[] {
  if (!recorded.log) return [];
  const want = recorded.expect.log as { line?: unknown; json?: unknown }[];
  const got = text
    .replaceAll(ip, "127.0.0.1")
    .split("\n")
    .filter((line) => line !== "");
  const same = want.every(({ line, json }, at) => {
    const one = got[at] ?? "";
    return line === undefined ? one.startsWith("{") && fits(json, JSON.parse(one)) : fits(line, one);
  });
  return same && got.length === want.length
    ? []
    : [`log: want ${JSON.stringify(want)}, got ${got.join("\n")}`];
}

function compareClients(recorded: QueueProxyCase, seen: Map<string, Seen>, world: World): string[] {
  const { expect } = recorded;
  const errors: string[] = [];
  const alone = ["status", "client", "noResponse", "responses", "connectError", "clientClosed"];
  if (alone.some((key) => key in expect))
    errors.push(...compareClient("client", expect, seen.get("client") ?? {}));
  const clients = (expect.clients ?? {}) as Record<string, Record<string, unknown>>;
  for (const [name, want] of Object.entries(clients)) {
    const metrics = world.metrics.get(name);
    if (metrics) errors.push(...compareMetrics(name, want, metrics, fits));
    if (want.counts === undefined) {
      errors.push(...compareClient(name, want, seen.get(name) ?? {}));
      continue;
    }
    const counts: Record<string, number> = {};
    for (const [key, one] of seen) {
      if (key !== name && !key.startsWith(`${name}#`)) continue;
      counts[outcomeOf(one)] = (counts[outcomeOf(one)] ?? 0) + 1;
    }
    if (!fits(want.counts, counts))
      errors.push(`${name}: want ${JSON.stringify(want.counts)}, got ${JSON.stringify(counts)}`);
  }
  const order = expect.order as string[] | undefined;
  if (order) errors.push(...compareOrder(order, recorded, seen));
  return errors;
}

function compareOrder(order: string[], recorded: QueueProxyCase, seen: Map<string, Seen>): string[] {
  const start = (name: string) => recorded.clients?.find((client) => client.name === name)?.startMs ?? 0;
  const times = order.map((name) => (seen.get(name)?.doneMs ?? 0) + start(name));
  const sorted = times.every((time, index) => index === 0 || time >= (times[index - 1] ?? 0));
  return sorted ? [] : [`order: want ${order.join(", ")}, got times ${times.join(", ")}`];
}
