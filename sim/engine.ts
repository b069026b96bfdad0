import { KINDS } from "../src/api/kinds.ts";
import type { StatMessage } from "../src/api/wire/stat.ts";
import type { Log } from "../src/base/log.ts";
import type { Random } from "../src/base/random.ts";
import type { Page, Revision, Storage } from "../src/embedded/apiserver/storage/storage.ts";
import type { Addresses } from "../src/embedded/node/addresses.ts";
import type { Images } from "../src/embedded/node/images/images.ts";
import type { Runtime } from "../src/embedded/node/runtime.ts";
import type { Address } from "../src/http/conn.ts";
import { LinkClients } from "../src/kube/link-client.ts";
import { serveKube } from "../src/kube/link-server.ts";
import { ControlPlane } from "../src/programs/control-plane.ts";
import { DataPlane } from "../src/programs/data-plane.ts";
import { STATS } from "../src/programs/data-plane-messages.ts";
import { hostingOver, serveHosting } from "../src/programs/hosting-link.ts";
import { memoryLinkPair } from "../src/programs/process-link.ts";
import type { SimNetwork } from "./network.ts";
import { OneLife } from "./one-life.ts";
import type { Processor } from "./processor.ts";
import { slowLink } from "./slow-link.ts";

export interface EnginePorts {
  readonly network: SimNetwork;
  readonly log: Log;
  /** What each of the two processes runs on. */
  readonly processors: { readonly controlPlane: Processor; readonly dataPlane: Processor };
  readonly storage: Storage;
  readonly runtime: Runtime;
  readonly addresses: Addresses;
  readonly images: Images;
  readonly gateway: Address;
  /** A stream for each purpose. */
  readonly random: (purpose: string) => Random;
}

const ACTIVATOR_IP = "127.70.255.1";
const STOP_GRACE_MS = 30_000;

/** Milliseconds of the caller's processor: about what the real ones take, so that a slice without a bound is seen. */
const STORAGE_COSTS = {
  append: 0.12,
  get: 0.02,
  list: ({ entries }: Page) => 0.02 + 0.004 * entries.length,
  changes: (revisions: readonly Revision[]) => 0.02 + 0.004 * revisions.length,
};
const RUNTIME_COSTS = { start: 0.05, signal: 0.03 };
const LINK_COSTS = { send: 0.02 };

/** One life of the engine: both planes joined by a link as `library.ts` joins two processes. */
export class Engine {
  readonly controlPlane: ControlPlane;
  readonly #dataPlane: DataPlane;
  readonly #life: OneLife;
  readonly #link: ReturnType<typeof memoryLinkPair>;

  constructor(ports: EnginePorts) {
    this.#life = new OneLife();
    this.#link = newLink(ports, this.#life);
    this.#dataPlane = newDataPlane(ports, this.#life, this.#link.far);
    this.controlPlane = newControlPlane(ports, this.#life, this.#link.near);
  }

  /** Resolves when it serves. */
  async start(): Promise<void> {
    await this.controlPlane.startApi();
    const addresses = await this.#dataPlane.bind();
    await this.controlPlane.startActing(addresses);
    await this.#dataPlane.serve();
  }

  /** Drains and ends everything, as `stop` of the library does. */
  async stop(): Promise<void> {
    await this.#dataPlane.drain();
    await this.controlPlane.stop({ graceMs: STOP_GRACE_MS });
    await this.#dataPlane.close();
    this.#link.close();
  }

  /** SIGKILL to both processes. */
  kill(): void {
    this.#life.kill();
  }
}

/** Every other seed has a slow border between the two processes. */
function newLink({ random, processors }: EnginePorts, life: OneLife): ReturnType<typeof memoryLinkPair> {
  const { near, far, close } = memoryLinkPair();
  const { controlPlane, dataPlane } = processors;
  const delays = random("link");
  const ports = { random: delays, delayMs: delays.next() < 0.5 ? 0 : 10 * delays.next() };
  return {
    near: controlPlane.charging(slowLink(near, { ...ports, clock: life.clock(dataPlane) }), LINK_COSTS),
    far: dataPlane.charging(slowLink(far, { ...ports, clock: life.clock(controlPlane) }), LINK_COSTS),
    close,
  };
}

type LinkEnd = ReturnType<typeof memoryLinkPair>["near"];

function newDataPlane(ports: EnginePorts, life: OneLife, link: LinkEnd): DataPlane {
  const { random, gateway, log, network, processors } = ports;
  const clients = new LinkClients(link);
  const dataPlane = new DataPlane({
    clock: life.clock(processors.dataPlane),
    network: life.network(network.of(processors.dataPlane)),
    random: random("data-plane"),
    log: log.with({ process: "data-plane" }),
    gateway,
    activatorIp: ACTIVATOR_IP,
    clientFor: (actor) => clients.clientFor(actor),
    report: (messages) => link.send(STATS, messages),
    onTimeline: () => {},
  });
  serveHosting(link, dataPlane.queueProxies);
  return dataPlane;
}

function newControlPlane(ports: EnginePorts, life: OneLife, link: LinkEnd): ControlPlane {
  const processor = ports.processors.controlPlane;
  const controlPlane = new ControlPlane({
    clock: life.clock(processor),
    network: life.network(ports.network.of(processor)),
    random: ports.random("control-plane"),
    log: ports.log.with({ process: "control-plane" }),
    storage: processor.charging(life.port(ports.storage), STORAGE_COSTS),
    runtime: processor.charging(life.port(ports.runtime), RUNTIME_COSTS),
    addresses: life.port(ports.addresses),
    images: ports.images,
    queueProxies: hostingOver(link),
    path: "/usr/bin:/bin",
  });
  const clientFor = (actor: string) => controlPlane.apiServer.clientFor(actor);
  serveKube({ link, clientFor, kinds: KINDS });
  link.listen(STATS, (messages) => controlPlane.receiveStats(messages as StatMessage[]));
  return controlPlane;
}
