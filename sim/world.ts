import { ConfigMapKind } from "../src/api/config-map/kind.ts";
import { type Random, seededRandom } from "../src/base/random.ts";
import type { KubeClient } from "../src/kube/client.ts";
import { MemoryImages } from "../test/support/memory-node.ts";
import { type AppPlan, SimApp } from "./app.ts";
import { SimDisk } from "./disk.ts";
import { Engine } from "./engine.ts";
import { History } from "./history.ts";
import { SimNetwork } from "./network.ts";
import { SimAddresses } from "./node-addresses.ts";
import { SimRuntime } from "./node-runtime.ts";
import { Processor, type Slice } from "./processor.ts";
import { RecordedLog } from "./recorded-log.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** A simulated machine and the engine that lives on it, on virtual time. One seed, one run. */
export const SIM_IMAGE = "sim:latest";

/** Short windows: a run costs what its virtual time costs. */
const AUTOSCALER = { "stable-window": "6s", "scale-to-zero-grace-period": "2s" };

export class World {
  readonly seed: number;
  readonly clock: VirtualClock;
  readonly network: SimNetwork;
  readonly history: History;
  readonly runtime: SimRuntime;
  readonly log: RecordedLog;
  readonly gateway = { ip: "127.0.0.1", port: 8080 };
  /** By service. */
  readonly plans = new Map<string, AppPlan>();
  readonly apps: SimApp[] = [];
  /** The longest slice of each of the engine's processes while it serves: at its start nobody waits for it yet. */
  readonly longestSlices = new Map<string, Slice>();
  readonly #disk: SimDisk;
  readonly #addresses = new SimAddresses();
  #lives = 0;
  #isServing = false;
  #engine: Engine;

  private constructor(seed: number) {
    this.seed = seed;
    this.clock = new VirtualClock({ random: this.random("ties") });
    this.network = new SimNetwork(this.clock, this.random("network"));
    this.history = new History(() => this.clock.monotonic());
    this.log = new RecordedLog(() => this.clock.monotonic());
    this.runtime = new SimRuntime({ clock: this.clock, random: this.random("runtime") });
    this.#disk = new SimDisk({ clock: this.clock, random: this.random("disk") });
    this.#varyNetwork();
    this.#engine = this.#newEngine();
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
    const key = { namespace: "knative-serving", name: "config-autoscaler" };
    await world.clock.until(world.#engine.start());
    world.#isServing = true;
    const body = { data: AUTOSCALER };
    await world.clock.until(world.client().patch(ConfigMapKind, key, { type: "merge", body }));
    return world;
  }

  /** The API as that actor sees it. */
  client(actor = "user"): KubeClient {
    return this.#engine.controlPlane.apiServer.clientFor(actor);
  }

  /** A stream of random numbers of its own for each purpose: one more draw here changes nothing there. */
  random(purpose: string): Random {
    let mixed = this.seed;
    for (const character of purpose) mixed = Math.imul(mixed ^ character.charCodeAt(0), 0x01000193);
    return seededRandom(mixed);
  }

  async stop(): Promise<void> {
    await this.clock.until(this.#engine.stop(), { limitMs: 300_000 });
  }

  /** SIGKILL to the engine, and a new one on the same machine after `afterMs`. Programs run on meanwhile. */
  async restart(afterMs: number): Promise<void> {
    this.#isServing = false;
    this.#engine.kill();
    this.#disk.crash();
    this.#addresses.orphan();
    await this.clock.advance(afterMs);
    this.#engine = this.#newEngine();
    await this.clock.until(this.#engine.start(), { limitMs: 60_000 });
    this.#isServing = true;
  }

  /** Another data-plane process takes over; false while the one before still ends. */
  async replaceDataPlane(): Promise<boolean> {
    return this.clock.until(this.#engine.replaceDataPlane(), { limitMs: 60_000 });
  }

  #newEngine(): Engine {
    this.#lives++;
    const life = this.#lives;
    const controlPlane = this.#newProcessor("control-plane");
    this.#disk.tell = (task) => controlPlane.run(task);
    this.runtime.tell = (task) => controlPlane.run(task);
    return new Engine({
      controlPlane,
      newDataPlane: () => this.#newProcessor("data-plane"),
      network: this.network,
      log: this.log.with({ life }),
      storage: this.#disk,
      runtime: this.runtime,
      addresses: this.#addresses,
      images: new MemoryImages({ [SIM_IMAGE]: ["sim-app"] }),
      gateway: this.gateway,
      random: (purpose) => this.random(`${purpose} ${life}`),
    });
  }

  #newProcessor(name: string): Processor {
    return new Processor(name, {
      clock: this.clock,
      onSlice: (slice) => {
        if (this.#isServing && slice.costMs > (this.longestSlices.get(name)?.costMs ?? 0))
          this.longestSlices.set(name, slice);
      },
    });
  }

  /** Every third seed has a slow network, every third one that cuts messages to pieces. */
  #varyNetwork(): void {
    const random = this.random("weather");
    const kind = Math.floor(random.next() * 3);
    if (kind === 1) this.network.everywhere.delayMs = [0.05, 0.5 + 10 * random.next()];
    if (kind === 2) this.network.everywhere.segmentBytesMax = 1 + Math.floor(300 * random.next());
  }
}
