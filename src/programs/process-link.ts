import type { Link } from "../api/wire/link.ts";

/** The ends of Node's IPC channel that a Link needs: a ChildProcess and `process` both have them. */
interface IpcEnd {
  send?(message: unknown, callback: (error: Error | null) => void): boolean;
  on(event: "message", listener: (message: unknown) => void): unknown;
  once(event: "disconnect", listener: () => void): unknown;
  readonly connected?: boolean | undefined;
}

interface Envelope {
  readonly channel: string;
  readonly message: unknown;
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
export function processLink(end: IpcEnd): Link {
  const channels = new Channels();
  end.on("message", (message) => channels.deliver(message as Envelope));
  return {
    send(channel, message) {
      // The other side may be going at this moment: `onClosed` tells of it, a failed send need not.
      if (end.connected) end.send?.({ channel, message } satisfies Envelope, () => {});
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
