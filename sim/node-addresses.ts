import type { Addresses } from "../src/embedded/node/addresses.ts";

/** Gives the address that was given back last: whoever still knows a dead pod's address meets another pod there. */
export class SimAddresses implements Addresses {
  readonly #free: string[] = [];
  readonly #freePorts: number[] = [];
  readonly #used = new Set<string>();
  /** Of pods of an engine that was killed: theirs until adopted, never given to others. */
  readonly #orphaned = new Set<string>();
  #nextHost = 2;
  #nextPort = 20_000;

  async allocate(): Promise<string> {
    const ip = this.#free.pop() ?? `127.70.${this.#nextHost >> 8}.${this.#nextHost++ & 255}`;
    this.#used.add(ip);
    return ip;
  }

  async allocatePort(): Promise<number> {
    return this.#freePorts.pop() ?? this.#nextPort++;
  }

  claim(ip: string): boolean {
    if (!this.#orphaned.delete(ip)) return false;
    this.#used.add(ip);
    return true;
  }

  release(ip: string): void {
    if (this.#used.delete(ip)) this.#free.push(ip);
  }

  claimPort(): void {}

  releasePort(port: number): void {
    this.#freePorts.push(port);
  }

  /** The engine that gave the addresses out is gone. */
  orphan(): void {
    for (const ip of this.#used) this.#orphaned.add(ip);
    this.#used.clear();
  }
}
