import { createServer } from "node:net";
import { type Random, randomInt } from "../../base/random.ts";
import { listenAt } from "../../http/listen-at.ts";
import { AddressError } from "./errors.ts";

/** A pod's own address and the free ports on it, as a port of the node agent. */
export interface Addresses {
  /** An address that no other pod of this machine has, until `release`. Rejects with AddressError. */
  allocate(): Promise<string>;
  /** Takes back the address of an adopted pod. False when it is not of this engine's block or is in use. */
  claim(ip: string): boolean;
  release(ip: string): void;
  /** A port free on every address, for a program that may listen on any of them; nobody else's until released. */
  allocatePort(): Promise<number>;
  /** Takes back the port of an adopted pod. */
  claimPort(port: number): void;
  releasePort(port: number): void;
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
  readonly #ports = new Set<number>();
  readonly #readyIps = new Ahead(() => this.#findAddress());
  readonly #readyPorts = new Ahead(() => this.#findPort());
  #nextPort: number;

  /** `lease` gets one more block for this engine; the first is taken by the first `allocate`. */
  constructor(options: { lease: () => Promise<Block>; random: Random; blocks?: readonly Block[] }) {
    this.#lease = options.lease;
    this.#nextPort = randomInt(options.random, PORT_COUNT);
    this.#blocks.push(...(options.blocks ?? []));
  }

  allocate(): Promise<string> {
    return this.#readyIps.next();
  }

  async #findAddress(): Promise<string> {
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

  allocatePort(): Promise<number> {
    return this.#readyPorts.next();
  }

  async #findPort(): Promise<number> {
    for (let tries = 0; tries < PORT_COUNT; tries++) {
      const port = FIRST_PORT + (this.#nextPort++ % PORT_COUNT);
      if (this.#ports.has(port)) continue;
      this.#ports.add(port);
      if (await canBind("0.0.0.0", port)) return port;
      this.#ports.delete(port);
    }
    throw new AddressError(
      `no port from ${FIRST_PORT} to ${FIRST_PORT + PORT_COUNT - 1} is free for a program`,
    );
  }

  claimPort(port: number): void {
    this.#ports.add(port);
  }

  releasePort(port: number): void {
    this.#ports.delete(port);
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

/** Looks for the next ones while nobody waits: trying to bind costs a cold start two turns of the loop otherwise. */
class Ahead<T> {
  readonly #find: () => Promise<T>;
  readonly #found: T[] = [];
  #isLooking = false;

  constructor(find: () => Promise<T>) {
    this.#find = find;
  }

  async next(): Promise<T> {
    const ready = this.#found.shift();
    const next = ready === undefined ? this.#find() : ready;
    const result = await next;
    void this.#look();
    return result;
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      while (this.#found.length < AHEAD) this.#found.push(await this.#find());
    } catch {
      // Whoever asks next finds out for itself, and is told.
    } finally {
      this.#isLooking = false;
    }
  }
}

const AHEAD = 2;

/** .0, .1 and .255 are left alone. */
const HOSTS = 253;

/** Below the ports that systems give to outgoing connections, which would otherwise be in a program's way. */
const FIRST_PORT = 20_000;
const PORT_COUNT = 12_000;

async function isOurs(ip: string): Promise<boolean> {
  try {
    return await canBind(ip, 0);
  } catch (thrown) {
    throw new AddressError(
      `cannot bind ${ip}: this system has no loopback address but 127.0.0.1; pods need 127.0.0.0/8`,
      { cause: thrown },
    );
  }
}

/** Binds and lets go again. Rejects only when the address is none of this machine. */
function canBind(ip: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRNOTAVAIL" ? reject(error) : resolve(false),
    );
    listenAt(server, { host: ip, port }, () => server.close(() => resolve(true)));
  });
}
