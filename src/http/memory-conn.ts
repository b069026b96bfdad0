import type { Conn, ConnHandler } from "./conn.ts";

/** Bytes on their way before `write` asks to wait. */
const WINDOW_BYTES = 64 * 1024;

/** Two ends of a connection within this process: what an upgrade between in-process programs is made of. */
export function memoryConnPair(addresses: { client: string; server: string }): [client: Conn, server: Conn] {
  const client = new MemoryConn(addresses.client, addresses.server);
  const server = new MemoryConn(addresses.server, addresses.client);
  client.join(server);
  server.join(client);
  return [client, server];
}

class MemoryReset extends Error {
  readonly code = "ECONNRESET";

  constructor() {
    super("the other side reset the connection");
  }
}

class MemoryConn implements Conn {
  readonly localAddress: string;
  readonly remoteAddress: string;
  #peer: MemoryConn | undefined;
  #handler: ConnHandler | undefined;
  #inbox: Uint8Array[] = [];
  #inboxBytes = 0;
  #endDue = false;
  #endSeen = false;
  #ended = false;
  #resetDue = false;
  #over = false;
  #paused = false;
  #peerWaits = false;
  #scheduled = false;

  constructor(localAddress: string, remoteAddress: string) {
    this.localAddress = localAddress;
    this.remoteAddress = remoteAddress;
  }

  join(peer: MemoryConn): void {
    this.#peer = peer;
  }

  setHandler(handler: ConnHandler): void {
    this.#handler = handler;
    this.#wake();
  }

  write(chunk: Uint8Array): boolean {
    const peer = this.#peer;
    if (this.#over || this.#ended || !peer || chunk.length === 0) return true;
    return peer.#receive(chunk);
  }

  end(): void {
    if (this.#over || this.#ended) return;
    this.#ended = true;
    if (this.#peer) this.#peer.#receiveEnd();
    this.#wake();
  }

  reset(): void {
    if (this.#over) return;
    if (this.#peer) this.#peer.#receiveReset();
    this.#finish(undefined);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#wake();
  }

  #receive(chunk: Uint8Array): boolean {
    if (this.#over) return true;
    this.#inbox.push(chunk);
    this.#inboxBytes += chunk.length;
    this.#peerWaits = this.#inboxBytes > WINDOW_BYTES;
    this.#wake();
    return !this.#peerWaits;
  }

  #receiveEnd(): void {
    this.#endDue = true;
    this.#wake();
  }

  #receiveReset(): void {
    this.#resetDue = true;
    this.#wake();
  }

  #wake(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(this.#deliver);
  }

  /** Never within the writer's call, so that no side is entered again while it writes. */
  readonly #deliver = (): void => {
    this.#scheduled = false;
    const handler = this.#handler;
    if (!handler || this.#over) return;
    if (this.#resetDue) {
      this.#finish(new MemoryReset());
      return;
    }
    while (!this.#paused && !this.#over) {
      const chunk = this.#inbox.shift();
      if (!chunk) break;
      this.#inboxBytes -= chunk.length;
      handler.data(chunk);
      if (this.#over) return;
    }
    if (this.#peerWaits && this.#inboxBytes === 0) {
      this.#peerWaits = false;
      if (this.#peer) this.#peer.#tellDrained();
    }
    if (this.#paused || this.#inbox.length > 0) return;
    if (this.#endDue && !this.#endSeen) {
      this.#endSeen = true;
      handler.end();
    }
    if (this.#endSeen && this.#ended && !this.#over) this.#finish(undefined);
  };

  #tellDrained(): void {
    queueMicrotask(() => {
      if (!this.#over) this.#handler?.drain();
    });
  }

  #finish(error: Error | undefined): void {
    this.#over = true;
    this.#inbox = [];
    queueMicrotask(() => this.#handler?.closed(error));
  }
}
