import * as wire from "../../api/wire/headers.ts";
import { Cancel } from "../../base/cancel.ts";
import { type Clock, sleep } from "../../base/clock.ts";
import { HeaderBlock } from "../../http/header-block.ts";
import type { BodySource } from "../../http/message.ts";
import { bytesBody } from "../../http/responses.ts";
import type { Upstream } from "../../http/upstream.ts";
import { addressText, type Backend, type UpstreamFor } from "../backend.ts";
import { podKey } from "./throttle.ts";

export interface PodProberOptions {
  readonly clock: Clock;
  readonly upstreamFor: UpstreamFor;
  /** One probe may take this long (spec TM-010: 300 ms). */
  readonly timeoutMs: number;
  /** From the start of a failed probe to the next one (spec TM-010: 200 ms). */
  readonly intervalMs: number;
  /** The first one while a request waits; it grows to `intervalMs`. */
  readonly urgentIntervalMs: number;
}

/**
 * Probes the unproven pods of one revision until each has passed or is gone (spec T-031, T-032, H-007). A queue-proxy
 * keeps a probe until its user container answers, so the answer usually comes the moment the pod is ready.
 */
export class PodProber {
  readonly #options: PodProberOptions;
  readonly #running = new Map<string, AbortController>();
  readonly #onProven: (backend: Backend) => boolean;
  readonly #urgent: () => boolean;

  constructor(
    options: PodProberOptions,
    revision: {
      /** False: the pod is to be probed again after a while. */
      onProven: (backend: Backend) => boolean;
      urgent: () => boolean;
    },
  ) {
    this.#options = options;
    this.#onProven = revision.onProven;
    this.#urgent = revision.urgent;
  }

  /** Exactly these are being probed from now on. */
  probe(unproven: readonly Backend[]): void {
    const wanted = new Set(unproven.map(podKey));
    for (const [key, abort] of this.#running) if (!wanted.has(key)) this.#stop(key, abort);
    for (const backend of unproven) {
      const key = podKey(backend);
      if (this.#running.has(key)) continue;
      const abort = new AbortController();
      this.#running.set(key, abort);
      void this.#untilProven(backend, abort);
    }
  }

  close(): void {
    for (const [key, abort] of this.#running) this.#stop(key, abort);
  }

  /** Whether this pod needs no further probe. Off the list while the revision hears of it, in case it asks anew. */
  #prove(backend: Backend, abort: AbortController): boolean {
    const key = podKey(backend);
    this.#running.delete(key);
    if (this.#onProven(backend) || this.#running.has(key)) return true;
    this.#running.set(key, abort);
    return false;
  }

  #stop(key: string, abort: AbortController): void {
    this.#running.delete(key);
    abort.abort();
  }

  async #untilProven(backend: Backend, abort: AbortController): Promise<void> {
    const { clock, timeoutMs, intervalMs, urgentIntervalMs, upstreamFor } = this.#options;
    for (let failures = 0; !abort.signal.aborted; failures++) {
      const startedMs = clock.monotonic();
      const cancel = new Cancel();
      const onAbort = () => cancel.raise(new Error("the pod is gone"));
      abort.signal.addEventListener("abort", onAbort);
      const timer = clock.schedule(timeoutMs, () => cancel.raise(new Error("the probe took too long")));
      const passed = await probeOnce(upstreamFor(backend), backend, cancel);
      timer.cancel();
      abort.signal.removeEventListener("abort", onAbort);
      if (abort.signal.aborted) return;
      if (passed && this.#prove(backend, abort)) return;
      // Ever slower, so that an application that answers "not yet" is not asked fifty times a second for long.
      const urgentMs = Math.min(intervalMs, urgentIntervalMs * 1.5 ** failures);
      const pauseMs = this.#urgent() && !passed ? urgentMs : intervalMs;
      await sleep(clock, Math.max(0, startedMs + pauseMs - clock.monotonic()), abort.signal);
    }
  }
}

/** The answer must be 200 with exactly the body `queue`. */
function probeOnce(upstream: Upstream, backend: Backend, cancel: Cancel): Promise<boolean> {
  const headers = new HeaderBlock(["Host", addressText(backend)]);
  headers.append("User-Agent", wire.USER_AGENT_ACTIVATOR);
  headers.append("K-Network-Probe", wire.PROBE_QUEUE);
  const head = { method: "GET", target: "/healthz", version: "1.1" as const, headers };
  return new Promise((resolve) => {
    cancel.onRaise(() => resolve(false));
    const body = bytesBody(new Uint8Array(0));
    upstream.send(
      { head, body, cancel },
      {
        interim() {},
        response: (answer, source) => {
          void textOf(source).then((text) => resolve(answer.status === 200 && text === wire.PROBE_QUEUE));
        },
        upgraded: (_head, conn) => {
          conn.reset();
          resolve(false);
        },
        failed: () => resolve(false),
      },
    );
  });
}

/** Longer than any answer that can be right. */
const ANSWER_BYTES_MAX = 64;

/** The whole body, or undefined when it is too long or breaks off. */
function textOf(source: BodySource): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    source.start({
      data(chunk) {
        bytes += chunk.length;
        chunks.push(Buffer.from(chunk));
        if (bytes <= ANSWER_BYTES_MAX) return;
        source.abandon();
        resolve(undefined);
      },
      end: () => resolve(Buffer.concat(chunks).toString("latin1")),
      fail: () => resolve(undefined),
    });
    source.credit(ANSWER_BYTES_MAX + 1);
  });
}
