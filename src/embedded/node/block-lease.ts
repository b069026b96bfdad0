import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EbbError, messageOf } from "../../base/errors.ts";
import { type Random, randomInt } from "../../base/random.ts";
import { type Block, blockPrefix } from "./addresses.ts";
import { AddressError } from "./errors.ts";
import { isSameProcess, startTimeOf } from "./runtimes/process/process-facts.ts";

/**
 * Leases of address blocks among all engines of this machine: one lock file a block in a folder they share, naming
 * its owner by pid and start time. A home asks for the same block first each time, so that adopted pods keep their
 * addresses.
 */
export class BlockLeases {
  readonly #folder: string;
  readonly #owner: Owner;
  readonly #random: Random;
  readonly #held: string[] = [];

  /** `folder` is shared by all engines, e.g. one under the system's temporary folder; `home` names this engine. */
  constructor(options: { folder: string; home: string; pid: number; random: Random }) {
    this.#folder = options.folder;
    this.#owner = { pid: options.pid, startTime: startTimeOf(options.pid), home: options.home };
    this.#random = options.random;
    try {
      // Anyone's engine may lease, whatever the first one's umask was; the sticky bit keeps others' locks.
      if (mkdirSync(this.#folder, { recursive: true }) !== undefined) chmodSync(this.#folder, 0o1777);
    } catch (thrown) {
      throw new EbbError(
        "home-unusable",
        `cannot create ${this.#folder} for the leases of pod addresses (${messageOf(thrown)})`,
        { cause: thrown },
      );
    }
  }

  /** One more block; this home's own from before first. Throws AddressError when all are taken. */
  async lease(): Promise<Block> {
    const first = this.#firstBlock();
    for (let tries = 0; tries < BLOCKS; tries++) {
      const block = blockAt((first + tries) % BLOCKS);
      if (this.#take(block)) return block;
    }
    throw new AddressError(`all ${BLOCKS} blocks of pod addresses are leased, see ${this.#folder}`);
  }

  release(): void {
    for (const path of this.#held.splice(0)) rmSync(path, { force: true });
  }

  /** The same home tries the same block first, so that a restart finds its pods' addresses. */
  #firstBlock(): number {
    let hash = 2166136261;
    for (const char of this.#owner.home) hash = Math.imul(hash ^ char.charCodeAt(0), 16777619) >>> 0;
    return hash % BLOCKS;
  }

  #take(block: Block): boolean {
    const path = join(this.#folder, blockPrefix(block));
    for (let attempt = 0; attempt < 3; attempt++) {
      if (this.#create(path)) {
        this.#held.push(path);
        return true;
      }
      const owner = readOwner(path);
      if (owner && isSameProcess(owner.pid, owner.startTime)) return false;
      if (!removeStale(path)) return false;
    }
    return false;
  }

  /** A hard link appears whole or not at all: nobody reads a lock without its owner. */
  #create(path: string): boolean {
    const draft = `${path}.${this.#owner.pid}.${randomInt(this.#random, 1e9)}`;
    try {
      writeFileSync(draft, JSON.stringify(this.#owner), { mode: 0o644 });
      linkSync(draft, path);
      return true;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw new AddressError(
        `cannot lease pod addresses in ${this.#folder} (${messageOf(thrown)}); make it writable for this user or set TMPDIR`,
        { cause: thrown },
      );
    } finally {
      try {
        unlinkSync(draft);
      } catch {
        // It was never written.
      }
    }
  }
}

/** False when the lock of an engine that is gone belongs to another user: its block stays taken. */
function removeStale(path: string): boolean {
  try {
    rmSync(path, { force: true });
    return true;
  } catch (thrown) {
    if (["EPERM", "EACCES"].includes((thrown as NodeJS.ErrnoException).code ?? "")) return false;
    throw thrown;
  }
}

interface Owner {
  readonly pid: number;
  readonly startTime: string;
  readonly home: string;
}

/** 127.64.0 to 127.254.255: away from what people use by hand. */
const FIRST_SECOND = 64;
const BLOCKS = (255 - FIRST_SECOND) * 256;

function blockAt(index: number): Block {
  return { second: FIRST_SECOND + Math.floor(index / 256), third: index % 256 };
}

function readOwner(path: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Owner;
  } catch {
    // Released meanwhile, or damaged: nobody owns it.
    return undefined;
  }
}
