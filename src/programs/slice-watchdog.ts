import { type ELDHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { SLICE_LIMIT_MS, SliceBook, type SliceReading } from "../base/slice-book.ts";

const LOOK_EVERY_MS = 10_000;
const NS_PER_MS = 1e6;

/**
 * Records the slices of this thread that hold up everything else for longer than the limit. Node samples each turn of
 * its loop in C++ and idle turns not at all, so watching costs nothing but a look every ten seconds. A turn may be
 * several short callbacks in a row, and a processor that is taken away counts too: the book errs to the loud side.
 */
export class SliceWatchdog {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #book = new SliceBook();
  readonly #turns: ELDHistogram = monitorEventLoopDelay({ samplePerIteration: true });

  constructor(ports: { readonly clock: Clock; readonly log: Log }) {
    this.#clock = ports.clock;
    this.#log = ports.log;
  }

  /** Watches from here on until `stop`; loading and starting are over by then. */
  start(): () => void {
    this.#turns.enable();
    let timer = this.#clock.schedule(LOOK_EVERY_MS, () => again());
    const again = () => {
      this.look();
      timer = this.#clock.schedule(LOOK_EVERY_MS, again);
    };
    return () => {
      timer.cancel();
      this.#turns.disable();
      this.look();
      if (this.totals.overCount > 0) this.#log.info("turns over the limit, in all", { ...this.totals });
    };
  }

  /** Since `start`. */
  get totals(): SliceReading {
    return this.#book.totals;
  }

  look(): void {
    const reading = readingOf(this.#turns);
    this.#turns.reset();
    const news = this.#book.note(reading, this.#clock.monotonic());
    if (!news) return;
    const { overCount, longestMs, totals } = news;
    const fields = { limitMs: SLICE_LIMIT_MS, overCount, longestMs, totals };
    const message = "turns of the event loop took longer than the limit; other work waited for them";
    if (news.isLoud) this.#log.warn(message, fields);
    else this.#log.info(message, fields);
  }
}

/** Percentiles are all that a histogram tells: the share above the limit is looked for by halving. */
function readingOf(turns: ELDHistogram): SliceReading {
  const { count } = turns;
  if (count === 0) return { longestMs: 0, overCount: 0 };
  const longestMs = Math.round(turns.max / 1e4) / 100;
  if (longestMs <= SLICE_LIMIT_MS) return { longestMs, overCount: 0 };
  let [within, over] = [0, 100];
  while (((over - within) / 100) * count > 0.5) {
    const middle = (within + over) / 2;
    if (turns.percentile(middle) > SLICE_LIMIT_MS * NS_PER_MS) over = middle;
    else within = middle;
  }
  return { longestMs, overCount: Math.max(1, Math.round((1 - within / 100) * count)) };
}
