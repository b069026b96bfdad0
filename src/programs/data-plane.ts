import { EBB_INGRESS_CLASS } from "../api/labels.ts";
import type { Timeline } from "../api/wire/hosting.ts";
import type { StatMessage } from "../api/wire/stat.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { Activator } from "../data-plane/activator/activator.ts";
import { RevisionWatch } from "../data-plane/activator/revision-watch.ts";
import type { Backend, UpstreamFor } from "../data-plane/backend.ts";
import { Gateway } from "../data-plane/gateway/gateway.ts";
import { RouteWatch } from "../data-plane/gateway/route-watch.ts";
import { HostedQueueProxies } from "../data-plane/queue-proxy/host.ts";
import type { Address, Conn, Listener, Network } from "../http/conn.ts";
import { inProcessUpstream } from "../http/in-process-upstream.ts";
import { UpstreamPool } from "../http/pool.ts";
import { HttpServer } from "../http/server.ts";
import { TimerWheel } from "../http/timer-wheel.ts";
import type { KubeClient } from "../kube/client.ts";
import type { DataPlaneAddresses } from "./published-endpoints.ts";

/** The data plane wired from its ports: gateway, activator and hosted queue-proxies of one engine. */
export interface DataPlanePorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly network: Network;
  /** Where the public gateway is to listen; port 0 = any free one. */
  readonly gateway: Address;
  readonly activatorIp: string;
  readonly clientFor: (actor: string) => KubeClient;
  readonly report: (messages: StatMessage[]) => void;
  readonly onTimeline: (timeline: Timeline) => void;
}

const ACTIVATOR_PORT = 8012;

export class DataPlane {
  readonly queueProxies: HostedQueueProxies;
  readonly #ports: DataPlanePorts;
  readonly #pool: UpstreamPool;
  readonly #activator: Activator;
  readonly #gateway: Gateway;
  readonly #servers: HttpServer[] = [];
  readonly #listeners: Listener[] = [];
  readonly #ended = new AbortController();
  readonly #activatorAt: Backend;
  /** Connections that came before the routes were known. */
  #early: (() => void)[] | undefined = [];

  constructor(ports: DataPlanePorts) {
    this.#ports = ports;
    const { clock, random, log, network } = ports;
    const timers = new TimerWheel(clock);
    this.#activatorAt = { ip: ports.activatorIp, port: ACTIVATOR_PORT };
    this.#pool = new UpstreamPool({ clock, random, network });
    this.queueProxies = new HostedQueueProxies({
      clock,
      log: log.with({ component: "queue-proxy" }),
      network,
      timers,
      pool: this.#pool,
      onHosted: ({ namespace, name }, backend) =>
        this.#activator.revisions.introducePod(namespace, name, backend),
      onDraining: (backend) => {
        this.#activator.revisions.drainPod(backend);
        this.#gateway.backends.drain(backend);
      },
    });
    this.#activator = new Activator({
      ...ports,
      log: log.with({ component: "activator" }),
      timers,
      upstreamFor: this.#upstreamFor,
      podName: "activator",
      momentsOf: (podUid) => this.queueProxies.momentsOf(podUid),
    });
    this.#gateway = new Gateway({
      random,
      log: log.with({ component: "gateway" }),
      upstreamFor: this.#upstreamFor,
      fallback: this.#activatorAt,
    });
  }

  /** In this process when the address is hosted here: one hop instead of three (DESIGN §4). */
  readonly #upstreamFor: UpstreamFor = (backend) => {
    const isActivator = backend.ip === this.#activatorAt.ip && backend.port === this.#activatorAt.port;
    const handler = isActivator ? this.#activator.handle : this.queueProxies.handlerAt(backend);
    return handler ? inProcessUpstream(handler, { remoteAddress: "" }) : this.#pool.to(backend);
  };

  /** Takes the ports; connections wait until `serve`. Rejects with the system's error when one is taken. */
  async bind(): Promise<DataPlaneAddresses> {
    const { clock, gateway, activatorIp } = this.#ports;
    const listen = async (address: Address, server: HttpServer) => {
      this.#servers.push(server);
      const accept = (conn: Conn) => {
        if (this.#early) this.#early.push(() => server.accept(conn));
        else server.accept(conn);
      };
      const listener = await this.#ports.network.listen(address, accept);
      this.#listeners.push(listener);
      return listener.address;
    };
    return {
      gateway: await listen(gateway, new HttpServer({ clock, handler: this.#gateway.handler("public") })),
      gatewayInternal: await listen(
        { ip: activatorIp, port: 0 },
        new HttpServer({ clock, handler: this.#gateway.handler("private") }),
      ),
      activator: await listen(this.#activatorAt, new HttpServer({ clock, handler: this.#activator.handle })),
    };
  }

  /** Resolves when routes and revisions are known and waiting connections are being served. */
  async serve(): Promise<void> {
    const { clock, log, clientFor, activatorIp } = this.#ports;
    const [gateway, ingressClass] = [this.#gateway, EBB_INGRESS_CLASS];
    const routes = new RouteWatch({ client: clientFor("gateway"), clock, log, gateway, ingressClass });
    const revisions = new RevisionWatch({
      client: clientFor("activator"),
      clock,
      log,
      revisions: this.#activator.revisions,
      ownIp: activatorIp,
    });
    void routes.run(this.#ended.signal);
    void revisions.run(this.#ended.signal);
    await Promise.all([routes.synced, revisions.synced]);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const accept of early) accept();
  }

  /** Stops accepting and answers what is in flight. */
  async drain(): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.close()));
    await Promise.all(this.#servers.map((server) => server.drain()));
  }

  /** Ends everything now. */
  async close(): Promise<void> {
    this.#ended.abort();
    for (const server of this.#servers) server.closeNow();
    this.#activator.close();
    await this.queueProxies.close();
    await Promise.all(this.#listeners.map((listener) => listener.close()));
    this.#pool.close();
  }
}
