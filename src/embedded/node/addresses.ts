import { createServer } from "node:net";
import { AddressError } from "./errors.ts";

/** A pod's own address and the free ports on it, as a port of the node agent. */
export interface Addresses {
  /** An address that no other pod of this machine has, until `release`. Rejects with AddressError. */
  allocate(): Promise<string>;
  /** Takes back the address of an adopted pod. False when it is not of this engine's block or is in use. */
  claim(ip: string): boolean;
  release(ip: string): void;
  /** A port that was free on `ip` a moment ago. */
  freePort(ip: string): Promise<number>;
}

/** `127.<second>.<third>` of a block of 253 addresses leased by this engine. */
export interface Block {
  readonly second: number;
  readonly third: number;
}

export function blockPrefix(block: Block): string {
  return `127.${block.second}.${block.third}`;
}

/**
 * Loopback addresses out of leased blocks of 127/8 (DESIGN §4, Pod addresses). An address is given again as late as
 * possible, so that whoever still knows a dead pod's address meets nobody there.
 */
export class LoopbackAddresses implements Addresses {
  readonly #lease: () => Promise<Block>;
  readonly #blocks: Block[] = [];
  readonly #used = new Set<string>();
  /** Counts over all hosts of all blocks. */
  #next = 0;

  /** `lease` gets one more block for this engine; the first is taken by the first `allocate`. */
  constructor(options: { lease: () => Promise<Block>; blocks?: readonly Block[] }) {
    this.#lease = options.lease;
    this.#blocks.push(...(options.blocks ?? []));
  }

  async allocate(): Promise<string> {
    for (;;) {
      if (this.#used.size >= this.#blocks.length * HOSTS) this.#blocks.push(await this.#lease());
      const ip = this.#take();
      if (ip !== undefined && (await isOurs(ip))) return ip;
    }
  }

  claim(ip: string): boolean {
    const ours = this.#blocks.some((block) => ip.startsWith(`${blockPrefix(block)}.`));
    if (!ours || this.#used.has(ip)) return false;
    this.#used.add(ip);
    return true;
  }

  release(ip: string): void {
    this.#used.delete(ip);
  }

  freePort(ip: string): Promise<number> {
    return bindOnce(ip);
  }

  /** An address that cannot be bound stays used: it will not work later either. */
  #take(): string | undefined {
    const count = this.#blocks.length * HOSTS;
    for (let tries = 0; tries < count; tries++) {
      const index = this.#next++ % count;
      const block = this.#blocks[Math.floor(index / HOSTS)];
      if (!block) continue;
      const ip = `${blockPrefix(block)}.${2 + (index % HOSTS)}`;
      if (this.#used.has(ip)) continue;
      this.#used.add(ip);
      return ip;
    }
    return undefined;
  }
}

/** .0, .1 and .255 are left alone. */
const HOSTS = 253;

async function isOurs(ip: string): Promise<boolean> {
  try {
    await bindOnce(ip);
    return true;
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    if (code !== "EADDRNOTAVAIL") return false;
    throw new AddressError(
      `cannot bind ${ip}: this system has no loopback address but 127.0.0.1; pods need 127.0.0.0/8`,
      { cause: thrown },
    );
  }
}

/** Binds a free port and lets it go again; resolves with the port. */
function bindOnce(ip: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host: ip, port: 0 }, () => {
      const address = server.address();
      const port = typeof address === "object" && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
