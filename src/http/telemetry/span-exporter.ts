import type { Clock, Timer } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Span, SpanSink } from "./span.ts";

export interface SpanExporterOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Sends one batch; what it rejects with is told in the log, and the batch is lost. */
  readonly send: (spans: readonly Span[]) => Promise<void>;
  readonly batching?: SpanBatching | undefined;
}

/** Where other numbers than OpenTelemetry's are wanted. */
export interface SpanBatching {
  readonly waitingMax?: number | undefined;
  readonly batchMax?: number | undefined;
  readonly delayMs?: number | undefined;
}

/** OpenTelemetry's numbers: a collector that is slow or gone costs spans, never memory or requests. */
const WAITING_MAX = 2048;
const BATCH_MAX = 512;
const DELAY_MS = 5_000;

/** Gathers spans and sends them in batches, one batch at a time. */
export class SpanExporter implements SpanSink {
  readonly #options: SpanExporterOptions;
  readonly #waitingMax: number;
  readonly #batchMax: number;
  readonly #delayMs: number;
  #waiting: Span[] = [];
  #lost = 0;
  #timer: Timer | undefined;
  #sending: Promise<void> | undefined;

  constructor(options: SpanExporterOptions) {
    this.#options = options;
    const { waitingMax = WAITING_MAX, batchMax = BATCH_MAX, delayMs = DELAY_MS } = options.batching ?? {};
    this.#waitingMax = waitingMax;
    this.#batchMax = Math.min(batchMax, waitingMax);
    this.#delayMs = delayMs;
  }

  add(span: Span): void {
    if (this.#waiting.length >= this.#waitingMax) {
      this.#lost += 1;
      return;
    }
    this.#waiting.push(span);
    if (this.#sending) return;
    if (this.#waiting.length >= this.#batchMax) this.#sendNext();
    else this.#timer ??= this.#options.clock.schedule(this.#delayMs, () => this.#sendNext());
  }

  /** Sends what waits; resolves when it is sent or lost. */
  async flush(): Promise<void> {
    while (this.#sending || this.#waiting.length > 0) {
      if (!this.#sending) this.#sendNext();
      await this.#sending;
    }
  }

  #sendNext(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const batch = this.#waiting.slice(0, this.#batchMax);
    this.#waiting = this.#waiting.slice(this.#batchMax);
    if (batch.length === 0) return;
    this.#sending = this.#send(batch).then(() => {
      this.#sending = undefined;
      if (this.#waiting.length >= this.#batchMax) this.#sendNext();
      else if (this.#waiting.length > 0) {
        this.#timer = this.#options.clock.schedule(this.#delayMs, () => this.#sendNext());
      }
    });
  }

  async #send(batch: readonly Span[]): Promise<void> {
    const { log, send } = this.#options;
    const lost = this.#lost;
    this.#lost = 0;
    if (lost > 0) log.warn("spans were lost: the collector is too slow", { spans: lost });
    try {
      await send(batch);
    } catch (thrown) {
      log.warn("spans were lost", { spans: batch.length, error: messageOf(thrown) });
    }
  }
}
