const SHARED_BYTES = 64 * 1024;
const LENT_BYTES = 256 * 1024;
const LENT_MAX = 64;

/**
 * What sockets read into: mostly one buffer for all of them, since a read is delivered before the next one begins and
 * ConnHandler.data copies what must stay. A connection in the middle of a large body is lent one of its own: what was
 * read into it is written as it is. There are few, so that senders who stall hold little; who gets none shares and
 * copies.
 */
export class ReadBuffers {
  readonly shared = Buffer.allocUnsafeSlow(SHARED_BYTES);
  /** The one whose bytes `ConnHandler.data` is being told now. */
  delivering: LentBuffer | undefined;
  readonly #free: LentBuffer[] = [];
  #made = 0;

  /** Held by the caller; undefined when all are in use. */
  lend(): LentBuffer | undefined {
    const buffer = this.#free.pop() ?? (this.#made < LENT_MAX ? this.#make() : undefined);
    buffer?.hold();
    return buffer;
  }

  /** The one that `chunk` lies in, while it is being delivered. */
  lentWith(chunk: Uint8Array): LentBuffer | undefined {
    const buffer = this.delivering;
    return buffer !== undefined && chunk.buffer === buffer.bytes.buffer ? buffer : undefined;
  }

  #make(): LentBuffer {
    this.#made++;
    return new LentBuffer(this.#free);
  }
}

/** Held by the one that reads into it and by those who write what was read; then free for others. */
export class LentBuffer {
  readonly bytes = Buffer.allocUnsafeSlow(LENT_BYTES);
  readonly #free: LentBuffer[];
  #holders = 0;

  constructor(free: LentBuffer[]) {
    this.#free = free;
  }

  get holders(): number {
    return this.#holders;
  }

  hold(): void {
    this.#holders++;
  }

  release(): void {
    this.#holders--;
    if (this.#holders === 0) this.#free.push(this);
  }
}

/** One for all sockets: a buffer for each would be 64 KiB a connection, Node's own way an allocation for each read. */
export const READ_BUFFERS = new ReadBuffers();
