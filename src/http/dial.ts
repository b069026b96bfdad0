import type { Cancel } from "../base/cancel.ts";
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import type { Address, Conn, Network } from "./conn.ts";
import { UpstreamError } from "./upstream.ts";

export interface DialPorts {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
}

/** spec TM-019, Q-012: a young pod drops SYNs, so the first tries are short; only time-outs are tried again. */
const FIRST_TIMEOUT_MS = 50;
const GROWTH = 1.4;
const JITTER = 0.1;
const ATTEMPTS = 15;
const PAUSE_MS = [30, 60] as const;

export interface DialTarget {
  readonly address: Address;
  readonly cancel: Cancel;
  /** See ConnectOptions. */
  readonly http2?: boolean;
}

export interface Dialled {
  connected(conn: Conn): void;
  /** Always with `sent` false. */
  failed(error: UpstreamError): void;
}

/** Connects, trying again after time-outs; when `cancel` is raised, `failed` is called and a late connection closed. */
export function dial(ports: DialPorts, to: DialTarget, dialled: Dialled): void {
  new Dialling(ports, to, dialled).attempt();
}

class Dialling {
  readonly #ports: DialPorts;
  readonly #address: Address;
  readonly #http2: boolean;
  readonly #cancel: Cancel;
  readonly #dialled: Dialled;
  readonly #stopListening: () => void;
  #timeoutMs = FIRST_TIMEOUT_MS;
  #attempts = 0;
  #over = false;

  constructor(ports: DialPorts, to: DialTarget, dialled: Dialled) {
    this.#ports = ports;
    this.#address = to.address;
    this.#http2 = to.http2 ?? false;
    this.#cancel = to.cancel;
    this.#dialled = dialled;
    this.#stopListening = to.cancel.onRaise(() =>
      this.#fail("cancelled", "the request was cancelled", undefined),
    );
  }

  attempt(): void {
    if (this.#over) return;
    this.#attempts++;
    const timeoutMs = this.#timeoutMs * (1 + JITTER * this.#ports.random.next());
    this.#timeoutMs *= GROWTH;
    const options = { timeoutMs: Math.ceil(timeoutMs), http2: this.#http2, cancel: this.#cancel };
    this.#ports.network.connect(this.#address, options).then(
      (conn) => this.#connected(conn),
      (error) => this.#refused(error),
    );
  }

  #connected(conn: Conn): void {
    if (this.#over) {
      conn.reset();
      return;
    }
    this.#over = true;
    this.#stopListening();
    this.#dialled.connected(conn);
  }

  #refused(error: unknown): void {
    const code = (error as { code?: string }).code;
    if (code !== "ETIMEDOUT") {
      this.#fail("refused", messageOf(error), error);
      return;
    }
    if (this.#attempts >= ATTEMPTS) {
      this.#fail("dial-timeout", messageOf(error), error);
      return;
    }
    const [least, most] = PAUSE_MS;
    const pauseMs = least + this.#ports.random.next() * (most - least);
    this.#ports.clock.schedule(pauseMs, () => this.attempt());
  }

  #fail(failure: "refused" | "dial-timeout" | "cancelled", message: string, cause: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopListening?.();
    this.#dialled.failed(new UpstreamError(failure, message, { sent: false, cause }));
  }
}
