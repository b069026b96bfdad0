import type { Addresses } from "../src/embedded/node/addresses.ts";

/** Gives the address that was given back last: whoever still knows a dead pod's address meets another pod there. */
export class SimAddresses implements Addresses {
  readonly #free: string[] = [];
  readonly #freePorts: number[] = [];
  #nextHost = 2;
  #nextPort = 20_000;

  async allocate(): Promise<string> {
    return this.#free.pop() ?? `127.70.0.${this.#nextHost++}`;
  }

  async allocatePort(): Promise<number> {
    return this.#freePorts.pop() ?? this.#nextPort++;
  }

  claim(ip: string): boolean {
    const index = this.#free.indexOf(ip);
    if (index >= 0) this.#free.splice(index, 1);
    return true;
  }

  release(ip: string): void {
    this.#free.push(ip);
  }

  claimPort(port: number): void {
    const index = this.#freePorts.indexOf(port);
    if (index >= 0) this.#freePorts.splice(index, 1);
  }

  releasePort(port: number): void {
    this.#freePorts.push(port);
  }
}
