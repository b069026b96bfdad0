import type { Link } from "../api/wire/link.ts";

/** The ends of Node's IPC channel that a Link needs: a ChildProcess and `process` both have them. */
interface IpcEnd {
  send?(message: unknown, handle: never, callback: (error: Error | null) => void): boolean;
  on(event: "message", listener: (message: unknown, handle: unknown) => void): unknown;
  once(event: "disconnect", listener: () => void): unknown;
  readonly connected?: boolean | undefined;
}

interface Envelope {
  readonly channel: string;
  readonly message: unknown;
}

/** A link that also carries sockets from process to process, in order with its messages. */
export interface HandleLink extends Link {
  /** Resolves when the socket is on its way; the sender keeps its own. */
  sendHandle(channel: string, message: unknown, handle: unknown): Promise<void>;
  listenHandles(channel: string, onHandle: (message: unknown, handle: unknown) => void): void;
}

/** Deals messages out to channels; what comes before a channel's listener is kept for it. */
class Channels {
  readonly #listeners = new Map<string, (message: unknown) => void>();
  readonly #kept = new Map<string, unknown[]>();

  listen(channel: string, onMessage: (message: unknown) => void): void {
    this.#listeners.set(channel, onMessage);
    const kept = this.#kept.get(channel) ?? [];
    this.#kept.delete(channel);
    for (const message of kept) onMessage(message);
  }

  deliver({ channel, message }: Envelope): void {
    const listener = this.#listeners.get(channel);
    if (listener) return listener(message);
    const kept = this.#kept.get(channel);
    if (kept) kept.push(message);
    else this.#kept.set(channel, [message]);
  }
}

/** A Link over the IPC channel between the engine's two processes. */
export function processLink(end: IpcEnd): HandleLink {
  const channels = new Channels();
  end.on("message", (message, handle) => {
    const envelope = message as Envelope;
    if (handle === undefined) channels.deliver(envelope);
    else channels.deliver({ ...envelope, message: { message: envelope.message, handle } });
  });
  // The other side may be going at this moment: `onClosed` tells of it, a failed send need not.
  const send = (envelope: Envelope, handle: unknown, sent: () => void) => {
    if (end.connected) end.send?.(envelope, handle as never, sent);
    else sent();
  };
  return {
    send: (channel, message) => send({ channel, message }, undefined, () => {}),
    sendHandle: (channel, message, handle) =>
      new Promise((resolve) => send({ channel, message }, handle, resolve)),
    listenHandles(channel, onHandle) {
      channels.listen(channel, (envelope) => {
        const { message, handle } = envelope as { message: unknown; handle: unknown };
        onHandle(message, handle);
      });
    },
    listen: (channel, onMessage) => channels.listen(channel, onMessage),
    onClosed(listener) {
      if (end.connected) end.once("disconnect", listener);
      else queueMicrotask(listener);
    },
  };
}

/**
 * Two ends of a Link in one process, for tests and simulation. Messages pass by structured clone one microtask later,
 * so that nothing is shared that a process border would not share.
 */
export function memoryLinkPair(): { near: Link; far: Link; close(): void } {
  const toNear = new Channels();
  const toFar = new Channels();
  const closed: (() => void)[] = [];
  const end = (incoming: Channels, outgoing: Channels): Link => ({
    send(channel, message) {
      const envelope = { channel, message: structuredClone(message) };
      queueMicrotask(() => outgoing.deliver(envelope));
    },
    listen: (channel, onMessage) => incoming.listen(channel, onMessage),
    onClosed: (listener) => void closed.push(listener),
  });
  return {
    near: end(toNear, toFar),
    far: end(toFar, toNear),
    close() {
      for (const listener of closed.splice(0)) listener();
    },
  };
}
