import { ConfigMapKind } from "../src/api/config-map/kind.ts";
import { KINDS } from "../src/api/kinds.ts";
import type { StatMessage } from "../src/api/wire/stat.ts";
import type { Log } from "../src/base/log.ts";
import { seededRandom } from "../src/base/random.ts";
import { MemoryStorage } from "../src/embedded/apiserver/storage/memory-storage.ts";
import type { Address } from "../src/http/conn.ts";
import type { KubeClient } from "../src/kube/client.ts";
import { LinkClients } from "../src/kube/link-client.ts";
import { serveKube } from "../src/kube/link-server.ts";
import { ControlPlane } from "../src/programs/control-plane.ts";
import { DataPlane } from "../src/programs/data-plane.ts";
import { STATS } from "../src/programs/data-plane-messages.ts";
import { hostingOver, serveHosting } from "../src/programs/hosting-link.ts";
import { memoryLinkPair } from "../src/programs/process-link.ts";
import { MemoryImages } from "../test/support/memory-node.ts";
import { type AppPlan, SimApp } from "./app.ts";
import { History } from "./history.ts";
import { SimNetwork } from "./network.ts";
import { SimAddresses } from "./node-addresses.ts";
import { SimRuntime } from "./node-runtime.ts";
import { RecordedLog } from "./recorded-log.ts";
import { slowLink } from "./slow-link.ts";
import { VirtualClock } from "./virtual-clock.ts";

/**
 * The whole engine in one process on virtual time: the production control plane and data plane, joined by a link as
 * `library.ts` joins two processes, over a simulated disk, network and node. One seed, one run.
 */
export const SIM_IMAGE = "sim:latest";

const ACTIVATOR_IP = "127.70.0.1";
const STOP_GRACE_MS = 30_000;

/** Short windows: a run costs what its virtual time costs. */
const AUTOSCALER = { "stable-window": "6s", "scale-to-zero-grace-period": "2s" };

export class World {
  readonly seed: number;
  readonly clock: VirtualClock;
  readonly network: SimNetwork;
  readonly history: History;
  readonly runtime: SimRuntime;
  readonly log: RecordedLog;
  /** By service. */
  readonly plans = new Map<string, AppPlan>();
  readonly apps: SimApp[] = [];
  readonly #link: ReturnType<typeof memoryLinkPair>;
  readonly #controlPlane: ControlPlane;
  readonly #dataPlane: DataPlane;
  #gateway: Address = { ip: "127.0.0.1", port: 0 };

  private constructor(seed: number) {
    this.seed = seed;
    this.clock = new VirtualClock({ random: this.random("ties") });
    this.network = new SimNetwork(this.clock, this.random("network"));
    this.history = new History(() => this.clock.monotonic());
    this.log = new RecordedLog(() => this.clock.monotonic());
    this.runtime = new SimRuntime({ clock: this.clock, random: this.random("runtime") });
    this.#varyNetwork();
    this.#link = this.#newLink();
    this.#dataPlane = this.#newDataPlane();
    this.#controlPlane = this.#newControlPlane();
    const random = this.random("apps");
    this.runtime.programs.set("sim-app", (handle) => {
      const plan = this.plans.get(handle.start.env.K_SERVICE ?? "");
      if (!plan) throw new Error(`no plan for the service of ${JSON.stringify(handle.start.env)}`);
      const app = new SimApp({ ...this, random }, plan, handle);
      this.apps.push(app);
      app.start();
    });
  }

  /** Resolves when the engine serves. */
  static async start(seed: number): Promise<World> {
    const world = new World(seed);
    await world.clock.until(world.#start());
    return world;
  }

  get gateway(): Address {
    return this.#gateway;
  }

  /** The API as that actor sees it. */
  client(actor = "user"): KubeClient {
    return this.#controlPlane.apiServer.clientFor(actor);
  }

  /** A stream of random numbers of its own for each purpose: one more draw here changes nothing there. */
  random(purpose: string) {
    let mixed = this.seed;
    for (const character of purpose) mixed = Math.imul(mixed ^ character.charCodeAt(0), 0x01000193);
    return seededRandom(mixed);
  }

  /** Drains and ends everything, as `stop` of the library does. */
  async stop(): Promise<void> {
    const stopping = this.#dataPlane
      .drain()
      .then(() => this.#controlPlane.stop({ graceMs: STOP_GRACE_MS }))
      .then(() => this.#dataPlane.close())
      .then(() => this.#link.close());
    await this.clock.until(stopping, { limitMs: 10 * STOP_GRACE_MS });
  }

  async #start(): Promise<void> {
    await this.#controlPlane.startApi();
    const addresses = await this.#dataPlane.bind();
    this.#gateway = addresses.gateway;
    await this.#controlPlane.startActing(addresses);
    await this.client().patch(
      ConfigMapKind,
      { namespace: "knative-serving", name: "config-autoscaler" },
      { type: "merge", body: { data: AUTOSCALER } },
    );
    await this.#dataPlane.serve();
  }

  /** Every other seed has a slow border between the two processes. */
  #newLink(): ReturnType<typeof memoryLinkPair> {
    const { near, far, close } = memoryLinkPair();
    const random = this.random("link");
    const ports = { clock: this.clock, random, delayMs: random.next() < 0.5 ? 0 : 10 * random.next() };
    return { near: slowLink(near, ports), far: slowLink(far, ports), close };
  }

  #newDataPlane(): DataPlane {
    const { clock, network, log } = this;
    const clients = new LinkClients(this.#link.far);
    const dataPlane = new DataPlane({
      clock,
      random: this.random("data-plane"),
      log: log.with({ process: "data-plane" }),
      network,
      gateway: { ip: "127.0.0.1", port: 0 },
      activatorIp: ACTIVATOR_IP,
      clientFor: (actor) => clients.clientFor(actor),
      report: (messages) => this.#link.far.send(STATS, messages),
      onTimeline: () => {},
    });
    serveHosting(this.#link.far, dataPlane.queueProxies);
    return dataPlane;
  }

  #newControlPlane(): ControlPlane {
    const { clock, network, runtime } = this;
    const log: Log = this.log.with({ process: "control-plane" });
    const controlPlane = new ControlPlane({
      clock,
      random: this.random("control-plane"),
      log,
      network,
      storage: new MemoryStorage(),
      runtime,
      addresses: new SimAddresses(),
      images: new MemoryImages({ [SIM_IMAGE]: ["sim-app"] }),
      queueProxies: hostingOver(this.#link.near),
      path: "/usr/bin:/bin",
    });
    const clientFor = (actor: string) => controlPlane.apiServer.clientFor(actor);
    serveKube({ link: this.#link.near, clientFor, kinds: KINDS });
    this.#link.near.listen(STATS, (messages) => controlPlane.receiveStats(messages as StatMessage[]));
    return controlPlane;
  }

  /** Every third seed has a slow network, every third one that cuts messages to pieces. */
  #varyNetwork(): void {
    const random = this.random("weather");
    const kind = Math.floor(random.next() * 3);
    if (kind === 1) this.network.everywhere.delayMs = [0.05, 0.5 + 10 * random.next()];
    if (kind === 2) this.network.everywhere.segmentBytesMax = 1 + Math.floor(300 * random.next());
  }
}
