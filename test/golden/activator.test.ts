import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { StatMessage } from "../../src/api/wire/stat.ts";
import { systemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { Activator } from "../../src/data-plane/activator/activator.ts";
import type { ObservedPods } from "../../src/data-plane/activator/pod-set.ts";
import { positionAmong } from "../../src/data-plane/activator/subset.ts";
import { systemNetwork } from "../../src/http/network.ts";
import { UpstreamPool } from "../../src/http/pool.ts";
import { HttpServer } from "../../src/http/server.ts";
import { TimerWheel } from "../../src/http/timer-wheel.ts";
import { judgeGolden, verdictOf } from "../support/golden.ts";
import { exceptions, outOfScope } from "./activator.exceptions.ts";
import { bytesOf, type HeaderLines, valuesOf } from "./wire/byte-reader.ts";
import { compareBackend, compareClient, compareHeaders, fits, outcomeOf } from "./wire/compare.ts";
import type { Http2Step } from "./wire/http2-backend.ts";
import { type Http2ClientSpec, runHttp2Client } from "./wire/http2-client.ts";
import { type BackendStep, ScriptedBackend } from "./wire/scripted-backend.ts";
import { type ClientSpec, runClient, type Seen } from "./wire/scripted-client.ts";
import type { SeenRequest } from "./wire/seen-request.ts";

/** The recorded activator against ours: each case has an activator and pods of its own on addresses in 127/8. */

type Wanted = Record<string, unknown>;

interface ProbeAnswer {
  status?: number;
  body?: string;
  delayMs?: number;
  close?: boolean;
  reset?: boolean;
  raw?: string;
}

interface BackendSpec {
  name: string;
  listening?: boolean;
  clusterIP?: boolean;
  probe?: ProbeAnswer | ProbeAnswer[];
  app?: BackendStep[] | BackendStep[][];
  h2app?: Http2Answer;
}

interface Http2Answer {
  status?: number;
  headers?: HeaderLines;
  data?: (string | { delayMs: number })[];
  trailers?: HeaderLines;
  delayMs?: number;
  rst?: number;
}

interface EndpointsSpec {
  ready?: string[];
  notReady?: string[];
}

interface NamedClient extends ClientSpec, Http2ClientSpec {
  name?: string;
  type?: string;
  port?: number;
  startMs?: number;
  count?: number;
  gapMs?: number;
}

interface EventSpec {
  atMs: number;
  endpoints?: EndpointsSpec;
  delete?: "revision" | "endpoints";
  listen?: string;
  stop?: string;
  reset?: boolean;
}

export interface ActivatorCase {
  readonly id: string;
  readonly revision?: {
    containerConcurrency?: number;
    protocol?: string;
    timeoutSeconds?: number;
    responseStartTimeoutSeconds?: number;
    idleTimeoutSeconds?: number;
    readinessProbe?: { exec?: unknown };
    startupProbe?: unknown;
  };
  readonly activators?: string[];
  readonly backends?: BackendSpec[];
  readonly endpoints?: EndpointsSpec;
  readonly waitProbed?: string[];
  readonly settleMs?: number;
  readonly events?: EventSpec[];
  readonly client?: NamedClient;
  readonly clients?: NamedClient[];
  readonly watchMs?: number;
  readonly lookMs?: number;
  readonly phase?: string;
  readonly expect: Wanted;
}

const NAMESPACE = "serving-tests";
const REVISION = "rev-00001";
const CLIENT_IP = "127.0.0.1";

let cases = 0;
const block = 16 + (process.pid % 100);

interface Addresses {
  readonly prefix: string;
  readonly self: string;
}

judgeGolden<ActivatorCase>({
  file: "activator.jsonl",
  exceptions,
  concurrency: 12,
  plays: 3,
  judge: async (recorded) => {
    const reason = outOfScope(recorded);
    if (reason !== undefined) return `not served yet: ${reason}`;
    return verdictOf(await judgeOnce(recorded));
  },
});

const CASE_LIMIT_MS = 60_000;

function judgeOnce(recorded: ActivatorCase): Promise<string[]> {
  cases += 1;
  const prefix = `127.${block}.${cases % 250}.`;
  const addresses = { prefix, self: `${prefix}5` };
  const limit = pause(CASE_LIMIT_MS, [`the case took longer than ${CASE_LIMIT_MS} ms`], { ref: false });
  return Promise.race([play(filledIn(recorded, addresses), addresses), limit]);
}

function filledIn(recorded: ActivatorCase, { prefix, self }: Addresses): ActivatorCase {
  const names: Record<string, string> = {
    NS: NAMESPACE,
    REV: REVISION,
    client: CLIENT_IP,
    self,
    lower1: `${prefix}3`,
    lower2: `${prefix}4`,
    higher: `${prefix}6`,
    vip: `${prefix}9`,
  };
  const text = JSON.stringify(recorded).replace(/\{(\w+)\}/g, (whole, name: string) => {
    const pod = /^pod([0-9]+)$/.exec(name);
    return pod ? `${prefix}${10 + Number(pod[1])}` : (names[name] ?? whole);
  });
  return JSON.parse(text) as ActivatorCase;
}

interface PodPlay {
  readonly spec: BackendSpec;
  readonly ip: string;
  readonly backend: ScriptedBackend;
  readonly probes: { readonly seen: SeenRequest; readonly atMs: number }[];
  passed: number;
}

async function play(recorded: ActivatorCase, addresses: Addresses): Promise<string[]> {
  const pods = new Map(
    (recorded.backends ?? []).map((spec, index) => [
      spec.name,
      podOf(spec, { ...addresses, port: podPort(recorded) }, index),
    ]),
  );
  const world = await startActivator(recorded, addresses);
  try {
    for (const { spec, backend } of pods.values()) if (spec.listening !== false) await backend.listen();
    world.setEndpoints(recorded.endpoints, pods);
    await untilProbed(recorded, pods);
    await pause(recorded.settleMs ?? 150);
    const startedMs = Date.now();
    const events = (recorded.events ?? []).map((event) => playEvent(event, world, pods));
    const seen = await runClients(recorded, addresses);
    await Promise.all(events);
    await pause(Math.max(recorded.lookMs ?? 150, startedMs + (recorded.watchMs ?? 0) - Date.now()));
    return [
      ...compareClients(recorded, seen),
      ...comparePods(recorded, pods),
      ...compareStats(recorded.expect.stats as Wanted | undefined, world.stats, startedMs),
    ];
  } finally {
    await world.close();
    for (const { backend } of pods.values()) backend.close();
  }
}

function podPort({ revision }: ActivatorCase): number {
  return revision?.protocol === "h2c" ? 8013 : 8012;
}

function podOf(spec: BackendSpec, where: Addresses & { port: number }, index: number): PodPlay {
  const { prefix } = where;
  const number = Number(/^pod([0-9]+)$/.exec(spec.name)?.[1] ?? index + 1);
  const [ip, port] = spec.clusterIP ? [`${prefix}9`, 80] : [`${prefix}${10 + number}`, where.port];
  let served = 0;
  const answer = spec.app;
  const pod: PodPlay = {
    spec,
    ip,
    probes: [],
    passed: 0,
    backend: new ScriptedBackend({
      ip,
      port,
      bodyFirst: false,
      http2: {
        proto: "HTTP/2.0",
        pseudo: [":authority"],
        stepsFor: () => {
          served += 1;
          return http2Steps(spec);
        },
      },
      stepsFor: (seen) => {
        if ((valuesOf(seen.headers, "k-network-probe")[0] ?? "") !== "") return "probe";
        served += 1;
        if (answer === undefined) return ownName(spec.name);
        const lists = Array.isArray(answer[0]) ? (answer as BackendStep[][]) : [answer as BackendStep[]];
        return lists[Math.min(served, lists.length) - 1];
      },
      onProbe: (seen, socket) => answerProbe(pod, seen, socket),
    }),
  };
  return pod;
}

function http2Steps({ name, h2app = {} }: BackendSpec): Http2Step[] {
  const { status = 200, headers = [], data = [name], trailers, delayMs = 0, rst } = h2app;
  if (rst !== undefined) return [{ delayMs, rst }];
  const body = data.map((piece): Http2Step => (typeof piece === "string" ? { data: piece } : piece));
  const end: Http2Step = trailers ? { headers: trailers, end: true } : { end: true };
  return [{ delayMs, headers: [[":status", String(status)], ...headers] }, ...body, end];
}

function ownName(name: string): BackendStep[] {
  return [{ readBody: true }, { send: `HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}` }];
}

async function answerProbe(pod: PodPlay, seen: SeenRequest, socket: Socket): Promise<void> {
  const answers = Array.isArray(pod.spec.probe) ? pod.spec.probe : [pod.spec.probe ?? {}];
  const answer = answers[Math.min(pod.probes.length, answers.length - 1)] ?? {};
  pod.probes.push({ seen, atMs: Date.now() });
  await pause(answer.delayMs ?? 0);
  if (answer.reset) socket.resetAndDestroy();
  else if (answer.close) socket.end();
  else if (answer.raw !== undefined) socket.write(bytesOf(answer.raw));
  else {
    const body = answer.body ?? "queue";
    socket.write(
      bytesOf(`HTTP/1.1 ${answer.status ?? 200} X\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
    );
    if ((answer.status ?? 200) === 200 && body === "queue") pod.passed += 1;
  }
}

async function startActivator(recorded: ActivatorCase, { prefix, self }: Addresses) {
  const clock = systemClock;
  const network = systemNetwork(clock);
  const pool = new UpstreamPool({ clock, network, random: systemRandom });
  const stats: { message: StatMessage; atMs: number }[] = [];
  const lost = recorded.phase === "lost" || recorded.phase === "starting";
  const hidden = (recorded.backends ?? []).some(({ clusterIP }) => clusterIP);
  const activator = new Activator({
    clock,
    random: systemRandom,
    log: silentLog,
    timers: new TimerWheel(clock),
    upstreamFor: (backend) => pool.to(backend),
    podName: "activator-g",
    // The recorded cadence; ours is faster while a request waits.
    urgentProbeIntervalMs: 200,
    report: (messages) => stats.push(...messages.map((message) => ({ message, atMs: Date.now() }))),
    ...(hidden && { clusterIpOf: async () => ({ ip: `${prefix}9`, port: 80 }) }),
    unhealthy: () => (lost ? "connection has not yet been established" : undefined),
  });
  if (recorded.phase === "terminating") activator.drain();
  setRevision(activator, recorded);
  const position = positionAmong(recorded.activators ?? [], self);
  if (position) activator.revisions.setPosition(NAMESPACE, REVISION, position);
  const server = new HttpServer({ clock, handler: activator.handle, http2: true });
  const listeners = await Promise.all(
    [8012, 8013].map((port) => network.listen({ ip: self, port }, server.accept)),
  );
  return {
    activator,
    stats,
    setEndpoints(spec: EndpointsSpec | undefined, pods: Map<string, PodPlay>) {
      const seen = spec && observed(spec, pods, podPort(recorded));
      activator.revisions.setPods(NAMESPACE, REVISION, seen);
    },
    async close() {
      const closed = listeners.map((listener) => listener.close());
      activator.close();
      server.closeNow();
      pool.close();
      await Promise.race([Promise.all(closed), pause(1000)]);
    },
  };
}

function setRevision(activator: Activator, { revision }: ActivatorCase): void {
  if (revision === undefined) return;
  activator.revisions.set({
    namespace: NAMESPACE,
    name: REVISION,
    containerConcurrency: revision.containerConcurrency ?? 0,
    limits: {
      totalMs: (revision.timeoutSeconds ?? 300) * 1000,
      responseStartMs: (revision.responseStartTimeoutSeconds ?? 0) * 1000,
      idleMs: (revision.idleTimeoutSeconds ?? 0) * 1000,
    },
    trustsProbes: revision.readinessProbe?.exec === undefined && revision.startupProbe === undefined,
  });
}

function observed(spec: EndpointsSpec, pods: Map<string, PodPlay>, port: number): ObservedPods {
  const backends = (names: string[] = []) => names.map((name) => ({ ip: pods.get(name)?.ip ?? name, port }));
  return { ready: backends(spec.ready), notReady: backends(spec.notReady) };
}

async function untilProbed(recorded: ActivatorCase, pods: Map<string, PodPlay>): Promise<void> {
  const listed = [...(recorded.endpoints?.ready ?? []), ...(recorded.endpoints?.notReady ?? [])];
  const usual = listed.filter((name) => {
    const spec = pods.get(name)?.spec;
    return spec?.listening !== false && spec?.probe === undefined;
  });
  const deadline = Date.now() + 5000;
  for (const name of recorded.waitProbed ?? usual) {
    while (pods.get(name)?.passed === 0 && Date.now() < deadline) await pause(10);
  }
}

async function playEvent(
  event: EventSpec,
  world: Awaited<ReturnType<typeof startActivator>>,
  pods: Map<string, PodPlay>,
): Promise<void> {
  await pause(event.atMs);
  if (event.endpoints) world.setEndpoints(event.endpoints, pods);
  if (event.delete === "revision") world.activator.revisions.delete(NAMESPACE, REVISION);
  if (event.delete === "endpoints") world.setEndpoints(undefined, pods);
  if (event.listen) await pods.get(event.listen)?.backend.listen();
  if (event.stop) pods.get(event.stop)?.backend.stop(event.reset ? { reset: true } : {});
}

async function runClients(recorded: ActivatorCase, { self }: Addresses): Promise<Map<string, Seen>> {
  const clients = recorded.clients ?? (recorded.client ? [{ name: "client", ...recorded.client }] : []);
  const seen = new Map<string, Seen>();
  const runNamed = async (client: NamedClient): Promise<void> => {
    const { name = "client", count = 1, gapMs } = client;
    await pause(client.startMs ?? 0);
    const target = { ip: self, port: client.port ?? 8012, from: CLIENT_IP };
    const runOne = async (index: number) => {
      seen.set(
        count === 1 ? name : `${name}#${index}`,
        await (client.type === "h2"
          ? runHttp2Client(client, { ...target, port: client.port ?? 8013 })
          : runClient({ closeWaitMs: 0, ...client }, target)),
      );
    };
    if (gapMs === undefined) {
      await Promise.all(Array.from({ length: count }, (_, index) => runOne(index)));
      return;
    }
    for (let index = 0; index < count; index++) {
      await runOne(index);
      await pause(gapMs);
    }
  };
  await Promise.all(clients.map(runNamed));
  return seen;
}

function compareClients(recorded: ActivatorCase, seen: Map<string, Seen>): string[] {
  const { expect } = recorded;
  const errors: string[] = [];
  if (expect.counts !== undefined) errors.push(...compareCounts("client", expect, seen));
  else if (["status", "noResponse", "responses", "gone"].some((key) => key in expect)) {
    errors.push(...compareClient("client", expect, seen.get("client") ?? {}));
  }
  for (const [name, want] of Object.entries((expect.clients ?? {}) as Record<string, Wanted>)) {
    if (want.counts !== undefined) errors.push(...compareCounts(name, want, seen));
    else errors.push(...compareClient(name, want, seen.get(name) ?? {}));
  }
  return errors;
}

function compareCounts(name: string, want: Wanted, seen: Map<string, Seen>): string[] {
  const errors: string[] = [];
  const counts: Record<string, number> = {};
  let last = 0;
  for (const [key, one] of seen) {
    if (key !== name && !key.startsWith(`${name}#`)) continue;
    counts[outcomeOf(one)] = (counts[outcomeOf(one)] ?? 0) + 1;
    last = Math.max(last, one.doneMs ?? 0);
  }
  if (!fits(want.counts, counts)) {
    errors.push(`${name}: want ${JSON.stringify(want.counts)}, got ${JSON.stringify(counts)}`);
  }
  if (want.lastAfterMs !== undefined && !fits({ range: want.lastAfterMs }, last)) {
    errors.push(`${name}: lastAfterMs: want ${JSON.stringify(want.lastAfterMs)}, got ${last}`);
  }
  return errors;
}

function comparePods(recorded: ActivatorCase, pods: Map<string, PodPlay>): string[] {
  const errors: string[] = [];
  const wanted = new Map(Object.entries((recorded.expect.backendsSaw ?? {}) as Record<string, Wanted>));
  const only = recorded.expect.backendSaw as Wanted | undefined;
  const first = recorded.backends?.[0];
  if (only && first) wanted.set(first.name, only);
  for (const [name, want] of wanted) {
    const pod = pods.get(name);
    if (pod === undefined) continue;
    errors.push(...compareBackend(name, want, pod.backend));
    if (want.probe) errors.push(...compareProbes(name, want.probe as Wanted, pod));
  }
  return errors;
}

function compareProbes(name: string, want: Wanted, pod: PodPlay): string[] {
  const errors: string[] = [];
  if (want.count !== undefined && !fits(want.count, pod.probes.length)) {
    errors.push(`${name}: probes: want ${JSON.stringify(want.count)}, got ${pod.probes.length}`);
  }
  const first = pod.probes[0]?.seen;
  if (want.startLine !== undefined && want.startLine !== first?.startLine) {
    errors.push(`${name}: probe: want ${String(want.startLine)}, got ${first?.startLine}`);
  }
  const headers: HeaderLines = first?.headers ?? [];
  if (want.headers) errors.push(...compareHeaders(`${name} probe`, want.headers as Wanted, headers));
  if (want.gapMs !== undefined) {
    const gaps = pod.probes.slice(1).map(({ atMs }, index) => atMs - (pod.probes[index]?.atMs ?? 0));
    const median = gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0;
    if (!fits(Array.isArray(want.gapMs) ? { range: want.gapMs } : want.gapMs, median)) {
      errors.push(`${name}: probe gap: want ${JSON.stringify(want.gapMs)}, got ${median}`);
    }
  }
  return errors;
}

function compareStats(
  want: Wanted | undefined,
  told: readonly { message: StatMessage; atMs: number }[],
  startedMs: number,
): string[] {
  if (want === undefined) return [];
  if (told.length === 0) return want.requestCountSum === 0 ? [] : ["stats: nothing was told"];
  const stats = told.map(({ message }) => message.stat);
  const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0);
  const got: Wanted = {
    requestCountSum: sum(stats.map(({ requestCount }) => requestCount)),
    averageConcurrencySum: sum(stats.map(({ averageConcurrentRequests }) => averageConcurrentRequests)),
    pods: [...new Set(stats.map(({ podName }) => podName))],
    namespace: told[0]?.message.namespace,
    last: stats.at(-1)?.averageConcurrentRequests,
  };
  const errors = Object.keys(got)
    .filter((key) => key in want && !fits(want[key], got[key]))
    .map((key) => `stats: ${key}: want ${JSON.stringify(want[key])}, got ${JSON.stringify(got[key])}`);
  const first = want.first as { concurrency: number; count: number } | undefined;
  if (
    first &&
    (stats[0]?.averageConcurrentRequests !== first.concurrency || stats[0]?.requestCount !== first.count)
  ) {
    errors.push(`stats: first: want ${JSON.stringify(first)}, got ${JSON.stringify(stats[0])}`);
  }
  const withinMs = (told[0]?.atMs ?? Number.POSITIVE_INFINITY) - startedMs;
  if (want.firstWithinMs !== undefined && withinMs > Number(want.firstWithinMs)) {
    errors.push(`stats: the first came after ${withinMs} ms`);
  }
  return errors;
}
