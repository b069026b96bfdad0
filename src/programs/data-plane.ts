import { EBB_INGRESS_CLASS } from "../api/labels.ts";
import type { Timeline } from "../api/wire/hosting.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { Activator, type ActivatorOptions } from "../data-plane/activator/activator.ts";
import { RevisionWatch } from "../data-plane/activator/revision-watch.ts";
import type { Backend, UpstreamFor } from "../data-plane/backend.ts";
import { Certificates } from "../data-plane/gateway/certificates.ts";
import { Gateway } from "../data-plane/gateway/gateway.ts";
import { RouteWatch } from "../data-plane/gateway/route-watch.ts";
import { HostedQueueProxies } from "../data-plane/queue-proxy/host.ts";
import { PROBE_TLS } from "../data-plane/queue-proxy/http-attempt.ts";
import type { Address, Network } from "../http/conn.ts";
import { inProcessUpstream } from "../http/in-process-upstream.ts";
import { UpstreamPool } from "../http/pool.ts";
import { TimerWheel } from "../http/timer-wheel.ts";
import { tlsNetwork } from "../http/tls.ts";
import type { KubeClient } from "../kube/client.ts";
import { Doors } from "./doors.ts";
import { type HttpsPorts, openGateway } from "./gateway-doors.ts";
import { openLineFile } from "./line-file.ts";
import { ACTIVATOR_HTTP2_PORT, type DataPlaneAddresses } from "./published-endpoints.ts";

/** The data plane wired from its ports: gateway, activator and hosted queue-proxies of one engine. */
export interface DataPlanePorts extends Pick<ActivatorOptions, "report" | "telemetry"> {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly network: Network;
  /** Where the public gateway is to listen; port 0 = any free one. */
  readonly gateway: Address;
  readonly activatorIp: string;
  /** Default any free one; a successor listens where the data plane before it did. */
  readonly gatewayInternalPort?: number;
  /** Default: nothing is served over https. */
  readonly https?: HttpsPorts;
  readonly clientFor: (actor: string) => KubeClient;
  readonly onTimeline: (timeline: Timeline) => void;
  /** As the autoscaler tells activators apart; default `activator`. */
  readonly activatorName?: string;
}

const ACTIVATOR_PORT = 8012;

export class DataPlane {
  readonly queueProxies: HostedQueueProxies;
  readonly activator: Activator;
  readonly #ports: DataPlanePorts;
  readonly #pool: UpstreamPool;
  readonly #gateway: Gateway;
  readonly #doors: Doors;
  readonly #ended = new AbortController();
  readonly #activatorAt: Backend;

  constructor(ports: DataPlanePorts) {
    this.#ports = ports;
    const { clock, random, log, network } = ports;
    const timers = new TimerWheel(clock);
    const world = { clock, random, network, timers };
    this.#doors = new Doors(ports);
    this.#activatorAt = { ip: ports.activatorIp, port: ACTIVATOR_PORT };
    this.#pool = new UpstreamPool(world);
    this.queueProxies = new HostedQueueProxies({
      ...world,
      log: log.with({ component: "queue-proxy" }),
      pool: this.#pool,
      probeTls: tlsNetwork({ clock, ...PROBE_TLS }),
      openLines: (path) => openLineFile(path, { clock, log }),
      onHosted: ({ namespace, name }, backend) =>
        this.activator.revisions.introducePod(namespace, name, backend),
      onDraining: (backend) => {
        this.activator.revisions.drainPod(backend);
        this.#gateway.backends.drain(backend);
      },
    });
    this.activator = new Activator({
      ...ports,
      log: log.with({ component: "activator" }),
      timers,
      upstreamFor: this.#upstreamFor,
      podName: ports.activatorName ?? "activator",
      momentsOf: (podUid) => this.queueProxies.momentsOf(podUid),
    });
    const atGateway = { random, clock, log: log.with({ component: "gateway" }) };
    this.#gateway = new Gateway({
      ...atGateway,
      certificates: new Certificates(atGateway),
      upstreamFor: this.#upstreamFor,
      fallback: this.#activatorAt,
    });
  }

  /** In this process when the address is hosted here: one hop instead of three (DESIGN §4). */
  readonly #upstreamFor: UpstreamFor = (backend) => {
    const { ip, port } = this.#activatorAt;
    const isActivator = backend.ip === ip && (backend.port === port || backend.port === ACTIVATOR_HTTP2_PORT);
    const handler = isActivator ? this.activator.handle : this.queueProxies.handlerAt(backend);
    return handler ? inProcessUpstream(handler, { remoteAddress: "" }) : this.#pool.to(backend);
  };

  /** Takes the ports; connections wait until `serve`. Rejects with the system's error when one is taken. */
  async bind(): Promise<DataPlaneAddresses> {
    const { gateway, activatorIp, gatewayInternalPort = 0, https } = this.#ports;
    await this.#doors.listen({ ip: activatorIp, port: ACTIVATOR_HTTP2_PORT }, this.activator.handle);
    const activator = await this.#doors.listen(this.#activatorAt, this.activator.handle);
    const inside = { ip: activatorIp, port: gatewayInternalPort };
    const opened = await openGateway(this.#doors, this.#gateway, { outside: gateway, inside, https });
    return { ...opened, activator };
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
      revisions: this.activator.revisions,
      ownIp: activatorIp,
    });
    void routes.run(this.#ended.signal);
    void revisions.run(this.#ended.signal);
    await Promise.all([routes.synced, revisions.synced]);
    this.#doors.open();
  }

  /** Stops accepting and answers what is in flight. */
  async drain(): Promise<void> {
    await this.#doors.drain();
    await this.#ports.telemetry?.flush();
  }

  /** Another process has taken the pods and listens: resolves when what is left here is over, or too late. */
  async retire(): Promise<void> {
    await this.#doors.retire(() => this.queueProxies.retire());
    await this.#ports.telemetry?.flush();
  }

  /** Ends everything now. */
  async close(): Promise<void> {
    this.#ended.abort();
    await this.#doors.close();
    this.activator.close();
    await this.queueProxies.close();
    this.#pool.close();
  }
}
