import type { Conn } from "./conn.ts";

/** Joins two connections until both directions are over; half-close and backpressure pass through. */
export function splice(left: Conn, right: Conn): void {
  pour(left, right);
  pour(right, left);
}

function pour(from: Conn, to: Conn): void {
  let ended = false;
  from.setHandler({
    data(chunk) {
      // The transport may reuse the chunk while `to` still has it queued.
      if (!to.write(Buffer.from(chunk))) from.pause();
    },
    end() {
      ended = true;
      to.end();
    },
    drain: () => to.resume(),
    closed(error) {
      // Without an end of its own it was cut, by whomever: whoever is on the other side has nobody to talk to.
      if (error || !ended) to.reset();
      else to.end();
    },
  });
}
