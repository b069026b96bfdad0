import { KINDS } from "../src/api/kinds.ts";
import type { StatMessage } from "../src/api/wire/stat.ts";
import type { Log } from "../src/base/log.ts";
import type { Random } from "../src/base/random.ts";
import type { Page, Revision, Storage } from "../src/embedded/apiserver/storage/storage.ts";
import type { Addresses } from "../src/embedded/node/addresses.ts";
import type { Images } from "../src/embedded/node/images/images.ts";
import type { Runtime } from "../src/embedded/node/runtime.ts";
import type { Address } from "../src/http/conn.ts";
import { serveKube } from "../src/kube/link-server.ts";
import { ControlPlane } from "../src/programs/control-plane.ts";
import { STATS } from "../src/programs/data-plane-messages.ts";
import { passOn } from "../src/programs/hand-over.ts";
import { HostSwitch } from "../src/programs/host-switch.ts";
import { hostingOver } from "../src/programs/hosting-link.ts";
import type { DataPlaneAddresses } from "../src/programs/published-endpoints.ts";
import { SimDataPlane } from "./data-plane.ts";
import type { SimNetwork } from "./network.ts";
import { OneLife } from "./one-life.ts";
import { PaperIssuer } from "./paper-issuer.ts";
import type { Processor } from "./processor.ts";

export interface EnginePorts {
  readonly network: SimNetwork;
  readonly log: Log;
  /** What the control-plane process runs on, and what each data-plane process will. */
  readonly controlPlane: Processor;
  readonly newDataPlane: () => Processor;
  readonly storage: Storage;
  readonly runtime: Runtime;
  readonly addresses: Addresses;
  readonly images: Images;
  readonly gateway: Address;
  /** A stream for each purpose. */
  readonly random: (purpose: string) => Random;
}

const STOP_GRACE_MS = 30_000;

/** Milliseconds of the caller's processor: about what the real ones take, so that a slice without a bound is seen. */
const STORAGE_COSTS = {
  append: 0.12,
  get: 0.02,
  list: ({ entries }: Page) => 0.02 + 0.004 * entries.length,
  changes: (revisions: readonly Revision[]) => 0.02 + 0.004 * revisions.length,
};
const RUNTIME_COSTS = { start: 0.05, signal: 0.03 };

/** One life of the engine: both planes joined by links as `library.ts` joins processes. */
export class Engine {
  readonly controlPlane: ControlPlane;
  readonly #ports: EnginePorts;
  readonly #life = new OneLife();
  readonly #hosts: HostSwitch;
  #dataPlane: SimDataPlane;
  readonly #retiring = new Set<SimDataPlane>();
  #addresses: DataPlaneAddresses | undefined;
  #generation = 1;

  constructor(ports: EnginePorts) {
    this.#ports = ports;
    this.#dataPlane = new SimDataPlane({ ...ports, ...this.#partsOf("activator") });
    this.#hosts = new HostSwitch(hostingOver(this.#dataPlane.link));
    this.controlPlane = newControlPlane(ports, this.#life, this.#hosts);
    this.#join(this.#dataPlane);
  }

  /** Resolves when it serves. */
  async start(): Promise<void> {
    const { dataPlane } = this.#dataPlane;
    await this.controlPlane.startApi();
    this.#addresses = await dataPlane.bind();
    await this.controlPlane.startActing(this.#addresses);
    await dataPlane.serve();
  }

  /** Drains and ends everything, as `stop` of the library does. */
  async stop(): Promise<void> {
    const processes = [this.#dataPlane, ...this.#retiring];
    await Promise.all(processes.map(({ dataPlane }) => dataPlane.drain()));
    await this.controlPlane.stop({ graceMs: STOP_GRACE_MS });
    await Promise.all(processes.map((process) => process.end()));
  }

  /** Another data-plane process takes over, as `replace` of DataPlanes does; false while two before it still end. */
  async replaceDataPlane(): Promise<boolean> {
    if (this.#retiring.size >= 2 || !this.#addresses) return false;
    const old = this.#dataPlane;
    this.#retiring.add(old);
    this.#generation += 1;
    const heir = new SimDataPlane({
      ...this.#ports,
      ...this.#partsOf(`activator-${this.#generation}`),
      successorOf: this.#addresses,
    });
    this.#join(heir);
    const taken = heir.takeOver();
    await heir.dataPlane.serve();
    await this.#hosts.hold();
    passOn(old.link, heir.link, () => {});
    await taken;
    this.#dataPlane = heir;
    this.#hosts.goOn(hostingOver(heir.link));
    old.retire();
    void old.retired.then(async () => {
      await old.end();
      this.#retiring.delete(old);
    });
    return true;
  }

  /** SIGKILL to all processes. */
  kill(): void {
    this.#life.kill();
    this.#ports.network.dropPassing();
  }

  #partsOf(activatorName: string) {
    const suffix = this.#generation === 1 ? "" : ` ${this.#generation}`;
    const { random, newDataPlane } = this.#ports;
    return {
      life: this.#life,
      processor: newDataPlane(),
      random: (purpose: string) => random(purpose + suffix),
      activatorName,
    };
  }

  #join({ link }: SimDataPlane): void {
    const clientFor = (actor: string) => this.controlPlane.apiServer.clientFor(actor);
    serveKube({ link, clientFor, kinds: KINDS });
    link.listen(STATS, (messages) => this.controlPlane.receiveStats(messages as StatMessage[]));
  }
}

function newControlPlane(ports: EnginePorts, life: OneLife, queueProxies: HostSwitch): ControlPlane {
  const { controlPlane: processor, random, log, storage, runtime, addresses, images } = ports;
  return new ControlPlane({
    clock: life.clock(processor),
    network: life.network(ports.network.of(processor)),
    random: random("control-plane"),
    log: log.with({ process: "control-plane" }),
    storage: processor.charging(life.port(storage), STORAGE_COSTS),
    runtime: processor.charging(life.port(runtime), RUNTIME_COSTS),
    addresses: life.port(addresses),
    images,
    queueProxies,
    issuer: new PaperIssuer(),
    path: "/usr/bin:/bin",
  });
}
