import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { OnRefusal } from "../http/refusal.ts";

/** Stable codes of refusals that have a status of their own. */
const CODES: Readonly<Record<number, string>> = {
  408: "head-timeout",
  413: "body-too-large",
  417: "expectation-failed",
  431: "head-too-large",
  501: "not-implemented",
  503: "too-many-heads",
};
/** Whoever sends garbage sends much of it. */
const LINE_EVERY_MS = 1_000;

export interface RefusalPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * Requests that the HTTP engine refuses before any phase sees them: the answer says that ebb made it, and the log why,
 * once a second at most and with the number of those in between.
 */
export function tellRefusals({ clock, random, log }: RefusalPorts): OnRefusal {
  let nextLineMs = 0;
  let untold = 0;
  return ({ status, reason, remoteAddress }) => {
    const code = CODES[status] ?? "malformed-request";
    const requestId = random.uuid();
    const nowMs = clock.monotonic();
    if (nowMs >= nextLineMs) {
      log.info("a request was refused", { status, code, reason, client: remoteAddress, requestId, untold });
      nextLineMs = nowMs + LINE_EVERY_MS;
      untold = 0;
    } else untold++;
    return ["X-Ebb-Error", code, "X-Request-Id", requestId];
  };
}
