import { type Random, randomInt } from "../src/base/random.ts";
import type { Address, Listener } from "../src/http/conn.ts";
import type { BodySource, Exchange } from "../src/http/message.ts";
import { respondWith } from "../src/http/responses.ts";
import { HttpServer } from "../src/http/server.ts";
import type { ProgramHandle } from "../test/support/memory-node.ts";
import type { History } from "./history.ts";
import type { LinkFaults, SimNetwork } from "./network.ts";
import type { SimRuntime } from "./node-runtime.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** What the application of one service does; a scenario may change every member while it runs. */
export interface AppPlan {
  readonly service: string;
  /** From the process's start to the open port. */
  startMs: number;
  /** From the open port to the first good answer to a probe. */
  warmMs: number;
  /** From a request's last byte to its answer. */
  serveMs: number;
  /** The next so many lives end by themselves, `crashAtMs` after their start. */
  crashes: number;
  crashAtMs: number;
  /** Lives that begin from now on never open their port. */
  muted: boolean;
  /** What goes wrong between the queue-proxy and the application. */
  faults: Partial<LinkFaults>;
}

export interface AppPorts {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly network: SimNetwork;
  readonly runtime: SimRuntime;
  readonly history: History;
}

/** The request's name, told by the simulated clients. */
export const SIM_REQUEST = "x-sim-request";
/** Milliseconds that this request takes, in place of the plan's. */
export const SIM_SERVE = "x-sim-serve";

/** The way from a queue-proxy to its application never leaves the machine. */
const LOCAL = { delayMs: 0.05 };

/** One life of a simulated application: an HTTP server of the engine's own on the simulated network. */
export class SimApp {
  readonly service: string;
  readonly pod: string;
  readonly #ports: AppPorts;
  readonly #plan: AppPlan;
  readonly #handle: ProgramHandle;
  readonly #server: HttpServer;
  readonly #address: Address;
  #listener: Listener | undefined;
  #isWarm = false;
  #wasReady = false;
  #isOver = false;

  constructor(ports: AppPorts, plan: AppPlan, handle: ProgramHandle) {
    this.#ports = ports;
    this.#plan = plan;
    this.#handle = handle;
    this.service = plan.service;
    const { podUid, restart, env } = handle.start;
    // Each life of a restarted container is judged by itself.
    this.pod = `${plan.service}-${podUid.slice(0, 8)}${restart > 0 ? `#${restart}` : ""}`;
    this.#address = { ip: "127.0.0.1", port: Number(env.PORT) };
    this.#server = new HttpServer({ clock: ports.clock, handler: (exchange) => this.#answer(exchange) });
  }

  start(): void {
    const { clock, history, runtime } = this.#ports;
    history.add({ type: "app-started", pod: this.pod, service: this.service });
    this.#handle.onSignal = () => this.#stop();
    runtime.onKilled(this.#handle.start, () => this.#end("killed"));
    if (this.#plan.crashes > 0) {
      this.#plan.crashes--;
      clock.schedule(this.#plan.crashAtMs, () => this.crash());
    }
    if (this.#plan.muted) return;
    clock.schedule(this.#vary(this.#plan.startMs), () => void this.#open());
  }

  /** The plan's faults are others now. */
  faultsChanged(): void {
    if (!this.#isOver) this.#ports.network.setFaults(this.#address, { ...LOCAL, ...this.#plan.faults });
  }

  /** Resets every connection to the application, which goes on. */
  cutOff(): void {
    if (!this.#isOver) this.#ports.network.cut(this.#address);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Ends as a program does that hits a bug: every connection is reset. */
  crash(): void {
    if (this.#isOver) return;
    this.#end("crash");
    this.#handle.print("panic: the simulation said so\n");
    this.#handle.exit(1);
  }

  async #open(): Promise<void> {
    if (this.#isOver) return;
    const { clock, network } = this.#ports;
    network.setFaults(this.#address, { ...LOCAL, ...this.#plan.faults });
    this.#listener = await network.listen(this.#address, this.#server.accept);
    clock.schedule(this.#vary(this.#plan.warmMs), () => {
      this.#isWarm = true;
    });
  }

  #answer(exchange: Exchange): void {
    const request = exchange.request.headers.get(SIM_REQUEST);
    if (request === undefined) this.#answerProbe(exchange);
    else this.#serve(exchange, request);
  }

  #answerProbe(exchange: Exchange): void {
    if (this.#isWarm && !this.#wasReady) {
      this.#wasReady = true;
      this.#ports.history.add({ type: "app-ready", pod: this.pod });
    }
    respondWith(exchange, { status: this.#isWarm ? 200 : 503 });
  }

  /** Answers with the request's name and the length of its body, so that the client can tell a mix-up. */
  #serve(exchange: Exchange, request: string): void {
    const { clock, history } = this.#ports;
    const { pod } = this;
    const mayRepeat = exchange.request.method === "GET";
    history.add({ type: "app-received", pod, request, mayRepeat });
    let isOpen = true;
    const over = () => {
      if (isOpen && !this.#isOver) history.add({ type: "app-answered", pod, request });
      isOpen = false;
    };
    exchange.cancel.onRaise(over);
    const serveMs = Number(exchange.request.headers.get(SIM_SERVE) ?? this.#plan.serveMs);
    countBytes(exchange.body, (bytes) => {
      clock.schedule(this.#vary(serveMs), () => {
        if (!isOpen || this.#isOver) return;
        over();
        respondWith(exchange, { status: 200, body: `${request} ${bytes}` });
      });
    });
  }

  #stop(): void {
    this.#ports.history.add({ type: "app-asked-to-stop", pod: this.pod });
    void this.#listener?.close();
    void this.#server.drain().then(() => {
      if (this.#isOver) return;
      this.#end("stopped");
      this.#handle.exit(0);
    });
  }

  #end(how: "crash" | "stopped" | "killed"): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ports.history.add({ type: "app-ended", pod: this.pod, how });
    void this.#listener?.close();
    this.#server.closeNow();
    this.#ports.network.cut(this.#address);
  }

  /** Half to one and a half times as long. */
  #vary(ms: number): number {
    return (ms * (500 + randomInt(this.#ports.random, 1_000))) / 1_000;
  }
}

/** Reads a whole body; what breaks off is never told, its exchange is cancelled. */
function countBytes(body: BodySource, done: (bytes: number) => void): void {
  let bytes = 0;
  body.start({
    data(chunk) {
      bytes += chunk.length;
      body.credit(chunk.length);
    },
    end: () => done(bytes),
    fail() {},
  });
  body.credit(64 * 1024);
}
