import type { Log } from "../src/base/log.ts";
import type { Random } from "../src/base/random.ts";
import type { Address } from "../src/http/conn.ts";
import { LinkClients } from "../src/kube/link-client.ts";
import { DataPlane } from "../src/programs/data-plane.ts";
import { RETIRE, STATS } from "../src/programs/data-plane-messages.ts";
import { giveAway, takeOver } from "../src/programs/hand-over.ts";
import { serveHosting } from "../src/programs/hosting-link.ts";
import { type HandleLink, memoryLinkPair } from "../src/programs/process-link.ts";
import type { DataPlaneAddresses } from "../src/programs/published-endpoints.ts";
import type { SimNetwork } from "./network.ts";
import type { OneLife } from "./one-life.ts";
import { PassingSockets, withHandles } from "./passing-sockets.ts";
import type { Processor } from "./processor.ts";
import { slowLink } from "./slow-link.ts";

export interface DataPlaneParts {
  readonly life: OneLife;
  readonly network: SimNetwork;
  readonly log: Log;
  readonly gateway: Address;
  readonly controlPlane: Processor;
  readonly processor: Processor;
  /** A stream for each purpose. */
  readonly random: (purpose: string) => Random;
  readonly activatorName: string;
  readonly successorOf?: DataPlaneAddresses;
}

const ACTIVATOR_IP = "127.70.255.1";
const LINK_COSTS = { send: 0.02 };

/** One simulated data-plane process: what `data-plane-process.ts` is in production, with its end of the link. */
export class SimDataPlane {
  readonly dataPlane: DataPlane;
  /** The control plane's end. */
  readonly link: HandleLink;
  /** Resolves when a successor has taken over and nothing is left. */
  readonly retired: Promise<void>;
  readonly #sockets: PassingSockets;
  readonly #ownLink: HandleLink;
  readonly #closeLink: () => void;

  constructor(parts: DataPlaneParts) {
    const { life, network, processor, log, random, gateway, successorOf, activatorName } = parts;
    const { near, far, close } = newLink(parts);
    this.link = near;
    this.#ownLink = far;
    this.#closeLink = close;
    this.#sockets = new PassingSockets(network, life.network(network.of(processor)));
    const clients = new LinkClients(far);
    this.dataPlane = new DataPlane({
      clock: life.clock(processor),
      network: this.#sockets,
      random: random("data-plane"),
      log: log.with({ process: processor.name }),
      gateway: successorOf?.gateway ?? gateway,
      ...(successorOf && { gatewayInternalPort: successorOf.gatewayInternal.port }),
      activatorIp: ACTIVATOR_IP,
      activatorName,
      clientFor: (actor) => clients.clientFor(actor),
      report: (messages) => far.send(STATS, messages),
      onTimeline: () => {},
    });
    serveHosting(far, this.dataPlane.queueProxies);
    this.retired = giveAway({ link: far, dataPlane: this.dataPlane, network: this.#sockets });
  }

  /** Resolves with its ports when it has taken over what `passOn` brings; until then it follows the API. */
  async takeOver(): Promise<DataPlaneAddresses> {
    await takeOver({ link: this.#ownLink, dataPlane: this.dataPlane, network: this.#sockets });
    const addresses = await this.dataPlane.bind();
    this.#sockets.dropUnclaimed();
    return addresses;
  }

  /** It finishes what it has. */
  retire(): void {
    this.link.send(RETIRE, null);
  }

  async end(): Promise<void> {
    await this.dataPlane.close();
    this.#closeLink();
  }
}

/** Every other seed has a slow border between the two processes. */
function newLink({ random, life, controlPlane, processor }: DataPlaneParts) {
  const { near, far, close } = memoryLinkPair();
  const delays = random("link");
  const ports = { random: delays, delayMs: delays.next() < 0.5 ? 0 : 10 * delays.next() };
  const toDataPlane = slowLink(near, { ...ports, clock: life.clock(processor) });
  const toControlPlane = slowLink(far, { ...ports, clock: life.clock(controlPlane) });
  return {
    near: withHandles(controlPlane.charging(toDataPlane, LINK_COSTS)),
    far: withHandles(processor.charging(toControlPlane, LINK_COSTS)),
    close,
  };
}
