import { sleep } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Backend } from "../backend.ts";
import { attemptProbe, type ProbeAttemptOptions } from "./probe-attempt.ts";

export interface ClusterIpSearchOptions extends ProbeAttemptOptions {
  readonly log: Log;
  /** From the end of a search that failed to the next one. */
  readonly intervalMs: number;
}

/** Looks for the one address behind which a mesh hides a revision's pods, for as long as it is wanted (spec T-034). */
export class ClusterIpSearch {
  readonly #options: ClusterIpSearchOptions;
  readonly #find: () => Promise<Backend | undefined>;
  readonly #onFound: (backend: Backend) => void;
  #running: AbortController | undefined;

  constructor(
    options: ClusterIpSearchOptions,
    revision: {
      /** The address of the private Service, with the port of its protocol; undefined = there is none. */
      find: () => Promise<Backend | undefined>;
      /** It has passed a probe. */
      onFound: (backend: Backend) => void;
    },
  ) {
    this.#options = options;
    this.#find = revision.find;
    this.#onFound = revision.onFound;
  }

  want(isWanted: boolean): void {
    if (!isWanted) this.close();
    else if (this.#running === undefined) void this.#untilFound();
  }

  close(): void {
    this.#running?.abort();
    this.#running = undefined;
  }

  async #untilFound(): Promise<void> {
    const abort = new AbortController();
    this.#running = abort;
    const { clock, intervalMs } = this.#options;
    for (;;) {
      const found = await this.#attempt(abort.signal);
      if (abort.signal.aborted) return;
      if (found !== undefined) {
        this.#running = undefined;
        this.#onFound(found);
        return;
      }
      await sleep(clock, intervalMs, abort.signal);
    }
  }

  async #attempt(signal: AbortSignal): Promise<Backend | undefined> {
    try {
      const backend = await this.#find();
      if (backend === undefined || signal.aborted) return undefined;
      const outcome = await attemptProbe(this.#options, backend, signal);
      return outcome === "passed" ? backend : undefined;
    } catch (thrown) {
      this.#options.log.warn("the address of a private Service is not known", { error: messageOf(thrown) });
      return undefined;
    }
  }
}
