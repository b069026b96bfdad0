import { messageOf } from "../src/base/errors.ts";
import { randomInt } from "../src/base/random.ts";
import { type FetchRequest, httpFetch } from "../src/http/fetch.ts";
import { HeaderBlock } from "../src/http/header-block.ts";
import { UpstreamPool } from "../src/http/pool.ts";
import { SIM_REQUEST, SIM_SERVE } from "./app.ts";
import type { World } from "./world.ts";

export interface SendOptions {
  /** Asks the application to take so long. */
  readonly serveMs?: number;
  /** The client goes away when it has no answer after this time. */
  readonly leaveMs?: number;
}

/** The users of a simulated run: they send requests to the gateway and note what becomes of each. */
export class Clients {
  readonly #world: World;
  readonly #random;
  readonly #pool: UpstreamPool;
  readonly #keepsAlive: boolean;
  readonly #statuses = new Map<string, number[]>();
  readonly #sent = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
    this.#random = world.random("clients");
    this.#keepsAlive = this.#random.next() < 0.5;
    const { clock, network } = world;
    this.#pool = new UpstreamPool({ clock, network, random: this.#random });
  }

  /** Requests without an answer. */
  open(service: string): number {
    return (this.#sent.get(service) ?? 0) - this.statuses(service).length;
  }

  /** One number per request that is over, 0 where no whole answer came. */
  statuses(service: string): readonly number[] {
    return this.#statuses.get(service) ?? [];
  }

  send(service: string, options: SendOptions = {}): void {
    const { history } = this.#world;
    const number = (this.#sent.get(service) ?? 0) + 1;
    this.#sent.set(service, number);
    const request = `${service}-${number}`;
    history.add({ type: "sent", request, service });
    this.#ask({ service, request, ...options }).then(
      (status) => {
        this.#note(service, status);
        history.add({ type: "answered", request, service, status });
      },
      (thrown) => {
        this.#note(service, 0);
        history.add({ type: "failed", request, service, why: messageOf(thrown) });
      },
    );
  }

  close(): void {
    this.#pool.close();
  }

  #note(service: string, status: number): void {
    this.#statuses.set(service, [...this.statuses(service), status]);
  }

  async #ask({ service, request, ...options }: Asking): Promise<number> {
    const { gateway } = this.#world;
    const bodyBytes = this.#random.next() < 0.3 ? randomInt(this.#random, 40_000) : 0;
    const headers = new HeaderBlock(["Host", `${service}.default.localhost`, SIM_REQUEST, request]);
    if (options.serveMs !== undefined) headers.append(SIM_SERVE, String(options.serveMs));
    const asked: FetchRequest = {
      address: gateway,
      method: bodyBytes > 0 ? "POST" : "GET",
      target: "/",
      headers,
      timeoutMs: options.leaveMs ?? 600_000,
      ...(bodyBytes > 0 && { body: Buffer.alloc(bodyBytes, "x") }),
      ...(this.#keepsAlive && { upstream: this.#pool.to(gateway) }),
    };
    const answer = await httpFetch(this.#world, asked);
    const text = answer.body.toString();
    if (answer.status === 200 && text !== `${request} ${bodyBytes}`)
      throw new Error(`the answer is not this request's: "${text}", want "${request} ${bodyBytes}"`);
    return answer.status;
  }
}

interface Asking extends SendOptions {
  readonly service: string;
  readonly request: string;
}
