import type { Link } from "../src/api/wire/link.ts";
import type { Clock } from "../src/base/clock.ts";
import type { Random } from "../src/base/random.ts";

/**
 * The same link, whose messages take up to `delayMs` and stay in order: two processes never see the same moment.
 * `clock` is the receiver's: it hears when it has the time.
 */
export function slowLink(link: Link, ports: { clock: Clock; random: Random; delayMs: number }): Link {
  const { clock, random, delayMs } = ports;
  const onTheWay: { channel: string; message: unknown }[] = [];
  let lastArrivalMs = 0;
  return {
    send(channel, message) {
      onTheWay.push({ channel, message: structuredClone(message) });
      lastArrivalMs = Math.max(lastArrivalMs, clock.monotonic() + random.next() * delayMs);
      clock.schedule(lastArrivalMs - clock.monotonic(), () => {
        const next = onTheWay.shift();
        if (next) link.send(next.channel, next.message);
      });
    },
    listen: (channel, onMessage) => link.listen(channel, onMessage),
    onClosed: (listener) => link.onClosed(listener),
  };
}
