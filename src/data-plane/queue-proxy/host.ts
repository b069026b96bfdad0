import type { HostedPod, Moment, QueueProxyHost } from "../../api/wire/hosting.ts";
import { MOMENTS } from "../../api/wire/hosting.ts";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Address, Network } from "../../http/conn.ts";
import type { Handler } from "../../http/message.ts";
import type { UpstreamPool } from "../../http/pool.ts";
import type { TimerWheel } from "../../http/timer-wheel.ts";
import { addressText, type Backend } from "../backend.ts";
import { readConfig } from "./config.ts";
import { QueueProxyServer } from "./server.ts";

export interface HostedQueueProxiesOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly network: Network;
  readonly timers: TimerWheel;
  /** Connections to the applications. */
  readonly pool: UpstreamPool;
  /** A pod's queue-proxy listens and may be asked whether the pod is ready. */
  readonly onHosted?: (revision: { namespace: string; name: string }, backend: Backend) => void;
  /** A pod begins to drain: gateway and activator must give it no new request from this call on. */
  readonly onDraining?: (backend: Backend) => void;
}

export type PodMoments = Readonly<Partial<Record<Moment, number>>>;

interface Hosted {
  readonly pod: HostedPod;
  readonly backend: Backend;
  readonly server: QueueProxyServer;
  readonly moments: Partial<Record<Moment, number>>;
}

/** A health check waits this long for a port that refuses, unless the one who asks gives up first (spec TM-018). */
const PATIENCE_MS = 10_000;

/** The queue-proxies of this machine's pods, in the data-plane process (DESIGN §4, One hop). */
export class HostedQueueProxies implements QueueProxyHost {
  readonly #options: HostedQueueProxiesOptions;
  readonly #byUid = new Map<string, Hosted>();
  /** By `ip:port` of the serving port. */
  readonly #byAddress = new Map<string, Hosted>();
  /** Moments that came before their pod. */
  readonly #early = new Map<string, Partial<Record<Moment, number>>>();

  constructor(options: HostedQueueProxiesOptions) {
    this.#options = options;
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
  async host(pod: HostedPod): Promise<void> {
    const before = this.#byUid.get(pod.uid);
    if (before !== undefined && JSON.stringify(before.pod) === JSON.stringify(pod)) return;
    if (before !== undefined) await this.#end(before);
    const { clock, log, network, timers, pool } = this.#options;
    const config = readConfig(pod.env);
    const moments = before?.moments ?? this.#early.get(pod.uid) ?? {};
    // Moments that arrive while the ports are being bound must find their pod.
    this.#early.set(pod.uid, moments);
    const locate = locator(pod);
    const server = new QueueProxyServer({
      config,
      clock,
      network,
      timers,
      log: log.with({ pod: `${pod.namespace}/${pod.name}` }),
      ip: pod.ip,
      upstream: pool.to(locate("127.0.0.1", config.userPort)),
      locate,
      quietPeriodMs: 0,
      patienceMs: PATIENCE_MS,
      onPortOpen: () => noteMoment(moments, "portOpen", clock.monotonic()),
      onReady: () => noteMoment(moments, "probePassed", clock.monotonic()),
    });
    try {
      await server.start();
    } finally {
      this.#early.delete(pod.uid);
    }
    const backend = { ip: pod.ip, port: config.servingPort, podUid: pod.uid };
    const hosted = { pod, backend, server, moments };
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

  /** Resolves when every pod's queue-proxy has nothing in flight. */
  async drainAll(): Promise<void> {
    await Promise.all([...this.#byUid.keys()].map((uid) => this.drain(uid)));
  }

  async #end(hosted: Hosted): Promise<void> {
    this.#byUid.delete(hosted.pod.uid);
    const address = addressText(hosted.backend);
    if (this.#byAddress.get(address) === hosted) this.#byAddress.delete(address);
    await hosted.server.close();
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
