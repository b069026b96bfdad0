import type { Address } from "../http/conn.ts";
import type { PassedListener } from "../http/passing-network.ts";
import type { DataPlane } from "./data-plane.ts";
import {
  HAND_OVER,
  HANDED,
  type Handed,
  LEFT,
  type Left,
  LISTENER,
  RETIRE,
  TAKE,
} from "./data-plane-messages.ts";
import type { HandleLink } from "./process-link.ts";

/** A data-plane process on both sides of a hand-over (DESIGN §4): gives its sockets and pods away, or takes them. */
export interface HandOverParts {
  readonly link: HandleLink;
  readonly dataPlane: DataPlane;
  readonly network: SocketPassing;
}

/** Where a process's listening sockets are given away and taken, see PassingNetwork. */
export interface SocketPassing {
  readonly listening: readonly PassedListener[];
  inherit(listener: PassedListener): void;
}

/**
 * The control plane's part: begins the hand-over and passes on what the old process says to the new one, for as long as
 * it lives. `sent` is called with each socket that has gone on. Returns at once.
 */
export function passOn(old: HandleLink, heir: HandleLink, sent: (handle: unknown) => void): void {
  old.listenHandles(LISTENER, (address, handle) => {
    void heir.sendHandle(LISTENER, address, handle).then(() => sent(handle));
  });
  old.listen(HANDED, (pods) => heir.send(TAKE, pods));
  old.listen(LEFT, (left) => heir.send(LEFT, left));
  old.onClosed(() => heir.send(LEFT, { gone: true } satisfies Left));
  old.send(HAND_OVER, null);
}

/** Resolves when a successor has taken over and nothing is left here. */
export function giveAway({ link, dataPlane, network }: HandOverParts): Promise<void> {
  link.listen(HAND_OVER, async () => {
    // A socket that is closed before it has left cannot be sent.
    await Promise.all(
      network.listening.map(({ address, handle }) => link.sendHandle(LISTENER, address, handle)),
    );
    // From here on connections to pods wait in their sockets until the successor accepts them.
    const pods = dataPlane.queueProxies.release((podUid, left) =>
      link.send(LEFT, { podUid, left } satisfies Left),
    );
    link.send(HANDED, { pods } satisfies Handed);
  });
  return new Promise((resolve) => link.listen(RETIRE, () => void dataPlane.retire().then(resolve)));
}

/** Resolves with the old process's pods hosted here; its other sockets are ready for `bind`. */
export function takeOver({ link, dataPlane, network }: HandOverParts): Promise<void> {
  link.listenHandles(LISTENER, (address, handle) => network.inherit({ address: address as Address, handle }));
  link.listen(LEFT, (message) => {
    const left = message as Left;
    if ("gone" in left) dataPlane.queueProxies.predecessorGone();
    else dataPlane.queueProxies.left(left.podUid, left.left);
  });
  return new Promise((resolve, reject) => {
    link.listen(TAKE, (message) => {
      const { pods } = message as Handed;
      dataPlane.queueProxies.adopt(pods).then(resolve, reject);
    });
  });
}
