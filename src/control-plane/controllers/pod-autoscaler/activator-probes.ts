import { keyText, type ObjectKey } from "../../../api/object.ts";
import type { Clock } from "../../../base/clock.ts";
import { sleep } from "../../../base/clock.ts";
import { messageOf } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";

/** spec TM-004. */
const PERIOD_MS = 1_000;
const PATIENCE_MS = 45_000;
/** So long an answer speaks for the present. */
const FRESH_MS = 1_000;

export interface ActivatorProbePorts {
  readonly clock: Clock;
  readonly log: Log;
  /** Whether a request to the revision's public Service reaches an activator (spec S-068). */
  probeActivator(revision: ObjectKey): Promise<boolean>;
}

interface Probing {
  readonly key: ObjectKey;
  answer: boolean | undefined;
  answeredAtMs: number;
  running: boolean;
}

/**
 * Asks in the background whether the activator stands in a revision's request path, one question at a time
 * for each, and wakes the revision's pod autoscaler with the answer.
 */
export class ActivatorProbes {
  readonly #ports: ActivatorProbePorts;
  readonly #probings = new Map<string, Probing>();
  #enqueue: (key: ObjectKey) => void = () => {};
  #signal: AbortSignal | undefined;

  constructor(ports: ActivatorProbePorts) {
    this.#ports = ports;
  }

  start(enqueue: (key: ObjectKey) => void, signal: AbortSignal): void {
    this.#enqueue = enqueue;
    this.#signal = signal;
  }

  /** The newest answer, undefined when none is fresh. */
  answer(key: ObjectKey): boolean | undefined {
    const probing = this.#probings.get(keyText(key));
    if (probing === undefined || probing.running) return undefined;
    return this.#ports.clock.monotonic() - probing.answeredAtMs < FRESH_MS ? probing.answer : undefined;
  }

  ask(key: ObjectKey): void {
    this.#run(key, async (probing) => {
      await this.#probe(probing);
    });
  }

  /** Asks each second until the answer is yes, then says so; after 45 s it begins anew. */
  watch(key: ObjectKey): void {
    this.#run(key, async (probing) => {
      const { clock } = this.#ports;
      const endMs = clock.monotonic() + PATIENCE_MS;
      do {
        await sleep(clock, PERIOD_MS, this.#signal);
        if (this.#hasEnded(probing)) return;
        await this.#probe(probing);
      } while (!probing.answer && clock.monotonic() < endMs);
      if (!probing.answer) probing.answer = undefined;
    });
  }

  forget(key: ObjectKey): void {
    this.#probings.delete(keyText(key));
  }

  #run(key: ObjectKey, work: (probing: Probing) => Promise<void>): void {
    const text = keyText(key);
    const probing = this.#probings.get(text) ?? { key, answer: undefined, answeredAtMs: 0, running: false };
    if (probing.running || this.#signal?.aborted) return;
    this.#probings.set(text, probing);
    probing.running = true;
    void work(probing).finally(() => {
      probing.running = false;
      if (!this.#hasEnded(probing)) this.#enqueue(key);
    });
  }

  async #probe(probing: Probing): Promise<void> {
    try {
      probing.answer = await this.#ports.probeActivator(probing.key);
    } catch (thrown) {
      probing.answer = false;
      this.#ports.log.debug("could not ask for the activator", {
        revision: keyText(probing.key),
        why: messageOf(thrown),
      });
    }
    probing.answeredAtMs = this.#ports.clock.monotonic();
  }

  #hasEnded(probing: Probing): boolean {
    return this.#signal?.aborted === true || this.#probings.get(keyText(probing.key)) !== probing;
  }
}
