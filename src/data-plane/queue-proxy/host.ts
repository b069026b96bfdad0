import type { HostedPod, Moment, QueueProxyHost } from "../../api/wire/hosting.ts";
import { MOMENTS } from "../../api/wire/hosting.ts";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { Address, Network } from "../../http/conn.ts";
import type { Handler } from "../../http/message.ts";
import type { UpstreamPool } from "../../http/pool.ts";
import type { TimerWheel } from "../../http/timer-wheel.ts";
import { addressText, type Backend } from "../backend.ts";
import { type QueueProxyConfig, readConfig } from "./config.ts";
import { type HandedPod, NOTHING_LEFT, type Remainder } from "./hand-over.ts";
import { QueueProxyServer } from "./server.ts";
import { StartTimes } from "./start-times.ts";

export interface HostedQueueProxiesOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly network: Network;
  readonly timers: TimerWheel;
  /** For probes over HTTPS; absent = they fail. */
  readonly probeTls?: Network;
  /** Connections to the applications. */
  readonly pool: UpstreamPool;
  /** Opens a file for the request log of a pod; absent = hosted queue-proxies write none. */
  readonly openLines?: (path: string) => LineSink;
  /** A pod's queue-proxy listens and may be asked whether the pod is ready. */
  readonly onHosted?: (revision: { namespace: string; name: string }, backend: Backend) => void;
  /** A pod begins to drain: gateway and activator must give it no new request from this call on. */
  readonly onDraining?: (backend: Backend) => void;
}

/** A file of lines. */
export interface LineSink {
  readonly write: (line: string) => void;
  close(): void;
}

export type PodMoments = Readonly<Partial<Record<Moment, number>>>;

interface Hosted {
  readonly pod: HostedPod;
  readonly backend: Backend;
  readonly server: QueueProxyServer;
  readonly moments: Partial<Record<Moment, number>>;
  /** Where its request log goes. */
  readonly lines: LineSink | undefined;
}

/** A health check waits this long for a port that refuses, unless the one who asks gives up first (spec TM-018). */
const PATIENCE_MS = 10_000;

/** The queue-proxies of this machine's pods, in the data-plane process (DESIGN §4, One hop). */
export class HostedQueueProxies implements QueueProxyHost {
  readonly #options: HostedQueueProxiesOptions;
  readonly #byUid = new Map<string, Hosted>();
  readonly #startTimes = new StartTimes();
  /** By `ip:port` of the serving port. */
  readonly #byAddress = new Map<string, Hosted>();
  /** Moments that came before their pod. */
  readonly #early = new Map<string, Partial<Record<Moment, number>>>();
  /** Pods that another process has taken over, until their last requests are over. */
  readonly #released = new Map<string, QueueProxyServer>();
  /** What old owners have told, perhaps before their pods came. */
  readonly #remainders = new Map<string, Remainder>();
  /** The process that had the pods before, until it has ended. */
  #predecessor: PromiseWithResolvers<void> | undefined;

  constructor(options: HostedQueueProxiesOptions) {
    this.#options = options;
  }

  /** Only a log that is switched on has a file (spec Q-058). */
  #linesOf({ logPath }: HostedPod, { observability }: QueueProxyConfig): LineSink | undefined {
    if (logPath === undefined || observability.requestLog.template === "") return undefined;
    return this.#options.openLines?.(logPath);
  }

  #expectedAt(program: string, { processStarted }: PodMoments) {
    const expected = processStarted === undefined ? undefined : this.#startTimes.expected(program);
    if (processStarted === undefined || expected === undefined) return undefined;
    return { fromMs: processStarted + expected.fromMs, untilMs: processStarted + expected.untilMs };
  }

  #learn(program: string, { processStarted, portOpen }: PodMoments): void {
    if (processStarted === undefined || portOpen === undefined) return;
    this.#startTimes.note(program, Math.max(0, portOpen - processStarted));
  }

  /** The queue-proxy that serves this address in this process; the uid, when given, must be the pod's. */
  handlerAt(backend: Backend): Handler | undefined {
    const hosted = this.#byAddress.get(addressText(backend));
    if (hosted === undefined) return undefined;
    if (backend.podUid !== undefined && backend.podUid !== hosted.pod.uid) return undefined;
    return hosted.server.proxy.handle;
  }

  /** What is known of a pod's start, for the timeline of a request that waited for it. */
  momentsOf(podUid: string): PodMoments {
    return this.#byUid.get(podUid)?.moments ?? this.#early.get(podUid) ?? {};
  }

  /** Again for a pod that is hosted: nothing when it is the same, else its queue-proxy starts anew. */
  host(pod: HostedPod): Promise<void> {
    return this.#host(pod);
  }

  async #host(pod: HostedPod, handed?: HandedPod): Promise<void> {
    const before = this.#byUid.get(pod.uid);
    if (before !== undefined && JSON.stringify(before.pod) === JSON.stringify(pod)) return;
    if (before !== undefined) await this.#end(before);
    const { clock, random, log, network, timers, pool } = this.#options;
    const config = readConfig(pod.env);
    const moments = before?.moments ?? this.#early.get(pod.uid) ?? { ...handed?.moments };
    const lines = this.#linesOf(pod, config);
    const program = `${config.namespace}/${config.revision}`;
    // Moments that arrive while the ports are being bound must find their pod.
    this.#early.set(pod.uid, moments);
    const locate = locator(pod);
    const server = new QueueProxyServer({
      config,
      clock,
      random,
      network,
      timers,
      log: log.with({ pod: `${pod.namespace}/${pod.name}` }),
      ip: pod.ip,
      upstream: pool.to(locate("127.0.0.1", config.userPort)),
      locate,
      quietPeriodMs: 0,
      patienceMs: PATIENCE_MS,
      ...(this.#options.probeTls && { probeTls: this.#options.probeTls }),
      ...(lines && { writeLine: lines.write }),
      expectedAt: () => this.#expectedAt(program, moments),
      onPortOpen: () => {
        noteMoment(moments, "portOpen", clock.monotonic());
        this.#learn(program, moments);
      },
      onReady: () => noteMoment(moments, "probePassed", clock.monotonic()),
    });
    if (handed) {
      const remainder = this.#remainders.get(pod.uid) ?? handed.remainder;
      server.inherit({ ...handed, remainder });
    }
    try {
      await server.start();
    } catch (thrown) {
      lines?.close();
      throw thrown;
    } finally {
      this.#early.delete(pod.uid);
    }
    const backend = { ip: pod.ip, port: config.servingPort, podUid: pod.uid };
    const hosted = { pod, backend, server, moments, lines };
    // What became less while the ports were being bound.
    const remainder = this.#remainders.get(pod.uid);
    if (remainder) server.left(remainder);
    this.#byUid.set(pod.uid, hosted);
    this.#byAddress.set(addressText(backend), hosted);
    this.#options.onHosted?.({ namespace: config.namespace, name: config.revision }, backend);
  }

  async drain(podUid: string): Promise<void> {
    const hosted = this.#byUid.get(podUid);
    if (hosted === undefined) return;
    this.#options.onDraining?.(hosted.backend);
    await hosted.server.drain();
  }

  async restarting(podUid: string): Promise<void> {
    this.#byUid.get(podUid)?.server.applicationStarted();
  }

  async remove(podUid: string): Promise<void> {
    this.#early.delete(podUid);
    const hosted = this.#byUid.get(podUid);
    if (hosted === undefined) return;
    this.#options.onDraining?.(hosted.backend);
    await this.#end(hosted);
  }

  moment(podUid: string, name: string, atMs: number): void {
    if (!isMoment(name)) return;
    const hosted = this.#byUid.get(podUid);
    let moments: Partial<Record<Moment, number>> | undefined = hosted?.moments;
    if (name === "processStarted") hosted?.server.applicationStarted();
    moments ??= this.#early.get(podUid);
    if (moments === undefined) {
      moments = {};
      this.#early.set(podUid, moments);
    }
    noteMoment(moments, name, atMs);
  }

  /**
   * Gives all pods to another process, which finds their sockets where these leave them. Requests that were admitted
   * end here; `onLess` tells what is left of each pod.
   */
  release(onLess: (podUid: string, left: Remainder) => void): HandedPod[] {
    const hosted = [...this.#byUid.values()];
    this.#byUid.clear();
    this.#byAddress.clear();
    return hosted.map(({ pod, backend, server, moments }) => {
      this.#released.set(pod.uid, server);
      const successor = this.#options.pool.to(backend);
      const state = server.release(successor, (left) => onLess(pod.uid, left));
      return { pod, moments, wasProven: moments.probePassed !== undefined, ...state };
    });
  }

  /** The other side of `release`. Rejects when one of the pods cannot be hosted here; the others are. */
  async adopt(pods: readonly HandedPod[]): Promise<void> {
    this.#predecessor = Promise.withResolvers();
    const outcomes = await Promise.allSettled(
      pods.map(async (handed) => {
        await this.#host(handed.pod, handed);
        if (handed.isDraining) void this.drain(handed.pod.uid);
      }),
    );
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed) throw failed.reason;
  }

  /** What the old owner of that pod has left. */
  left(podUid: string, remainder: Remainder): void {
    this.#remainders.set(podUid, remainder);
    this.#serverOf(podUid)?.left(remainder);
  }

  /** A pod that has gone on has its remainder passed on. */
  #serverOf(podUid: string): QueueProxyServer | undefined {
    return this.#byUid.get(podUid)?.server ?? this.#released.get(podUid);
  }

  /** The old owner has ended, and with it whatever it had left. */
  predecessorGone(): void {
    for (const { server } of this.#byUid.values()) server.left(NOTHING_LEFT);
    for (const server of this.#released.values()) server.left(NOTHING_LEFT);
    this.#remainders.clear();
    this.#predecessor?.resolve();
  }

  /**
   * After `release`: resolves when no connection to a pod's old queue-proxy is left, idle ones are ended now, and when
   * the process before this one is over: what that one has left is told to the successor through this one.
   */
  async retire(): Promise<void> {
    await Promise.all([...this.#released.values()].map((server) => server.retire()));
    await this.#predecessor?.promise;
  }

  async #end(hosted: Hosted): Promise<void> {
    this.#byUid.delete(hosted.pod.uid);
    const address = addressText(hosted.backend);
    if (this.#byAddress.get(address) === hosted) this.#byAddress.delete(address);
    await hosted.server.close();
    hosted.lines?.close();
    for (const { ip, port } of hosted.pod.userPorts) this.#options.pool.forget({ ip, port });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#byUid.keys()].map((uid) => this.remove(uid)));
  }
}

/** The first time counts: a restarted container does not move the moments of the pod's start. */
function noteMoment(moments: Partial<Record<Moment, number>>, name: Moment, atMs: number): void {
  moments[name] ??= atMs;
}

function isMoment(name: string): name is Moment {
  return (MOMENTS as readonly string[]).includes(name);
}

/** The node agent alone moves ports; everything else of the pod knows the declared ones (DESIGN §4). */
function locator(pod: HostedPod): (host: string, port: number) => Address {
  return (host, port) => {
    const moved = pod.userPorts.find(({ declared }) => declared === port);
    if (moved !== undefined) return { ip: moved.ip, port: moved.port };
    return { ip: host === "localhost" ? "127.0.0.1" : host, port };
  };
}
