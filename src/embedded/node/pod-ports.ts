import type { Container } from "../../api/container.ts";
import type { PodSpec } from "../../api/pod-spec.ts";
import type { Address } from "../../http/conn.ts";
import type { Addresses } from "./addresses.ts";
import { isQueueProxy } from "./pod-lifecycle.ts";
import type { PodRecord } from "./runtime.ts";

/** Programs may listen on all addresses or on localhost only: this one reaches both (spec Q-010). */
export const PROGRAM_IP = "127.0.0.1";

/** The ports of one pod: the first one that a container declares is a free one of this machine (DESIGN §4). */
export class PodPorts {
  readonly #addresses: Addresses;
  #mappings: PodRecord["ports"];

  /** `known`: those that an earlier engine has allocated. */
  constructor(addresses: Addresses, known: PodRecord["ports"] = []) {
    this.#addresses = addresses;
    this.#mappings = known;
  }

  get mappings(): PodRecord["ports"] {
    return this.#mappings;
  }

  async allocate({ containers }: PodSpec): Promise<void> {
    if (this.#mappings.length > 0) return;
    for (const container of containers) {
      const declared = container.ports?.[0]?.containerPort;
      if (isQueueProxy(container) || declared === undefined) continue;
      const port = await this.#addresses.allocatePort();
      this.#mappings = [...this.#mappings, { declared, port }];
    }
  }

  release(): void {
    for (const { port } of this.#mappings) this.#addresses.releasePort(port);
    this.#mappings = [];
  }

  /** What the container's program finds in `$PORT`. */
  ofProgram({ ports }: Container): number | undefined {
    return this.#real(ports?.[0]?.containerPort);
  }

  /** Where a port of the pod really is, for a program's own or a queue-proxy's at the pod's address. */
  locate(declared: number, podIp: string): Address {
    const port = this.#real(declared);
    return port === undefined ? { ip: podIp, port: declared } : { ip: PROGRAM_IP, port };
  }

  #real(declared: number | undefined): number | undefined {
    return this.#mappings.find((one) => one.declared === declared)?.port;
  }
}
