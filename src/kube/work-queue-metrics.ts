import {
  type Attributes,
  Histogram,
  type HistogramSeries,
  type Metric,
  type NumberType,
  Observed,
  SECONDS_BOUNDS,
} from "../base/metrics.ts";
import type { QueueMeter, WorkQueue } from "./work-queue.ts";

const SCOPE = "knative.dev/pkg/observability/metrics/k8s";

/** One queue's numbers, see `WorkQueueMetrics`. */
class Meter implements QueueMeter {
  adds = 0;
  retries = 0;
  readonly #waited: HistogramSeries;
  readonly #took: HistogramSeries;

  constructor(waited: HistogramSeries, took: HistogramSeries) {
    this.#waited = waited;
    this.#took = took;
  }

  added(): void {
    this.adds += 1;
  }

  retried(): void {
    this.retries += 1;
  }

  begun(waitedMs: number): void {
    this.#waited.record(waitedMs / 1000);
  }

  done(tookMs: number): void {
    this.#took.record(tookMs / 1000);
  }
}

interface Measured {
  readonly attributes: Attributes;
  readonly meter: Meter;
  readonly queue: WorkQueue;
}

/** The metrics of all work queues of a program (spec M-020), each series with its queue's name. */
export class WorkQueueMetrics {
  readonly #queues: Measured[] = [];
  readonly #waited = histogram("queue.duration", "Time that a key waited in the queue.");
  readonly #took = histogram("process.duration", "Time that the work on a key took.");

  /** `make` gets the meter for its queue. */
  measure(name: string, make: (meter: QueueMeter) => WorkQueue): WorkQueue {
    const attributes = { name };
    const meter = new Meter(this.#waited.at(attributes), this.#took.at(attributes));
    const queue = make(meter);
    this.#queues.push({ attributes, meter, queue });
    return queue;
  }

  get metrics(): readonly Metric[] {
    const seconds = { unit: "s" };
    return [
      this.#observed("upDownCounter", "depth", {
        description: "Keys that wait.",
        value: ({ queue }) => queue.depth,
      }),
      this.#observed("counter", "adds", {
        description: "Keys that were added.",
        value: ({ meter }) => meter.adds,
      }),
      this.#waited,
      this.#took,
      this.#observed("gauge", "unfinished_work", {
        ...seconds,
        description: "Time that the work under way has taken so far, all of it together.",
        value: ({ queue }) => queue.unfinished.totalMs / 1000,
      }),
      this.#observed("gauge", "longest_running_processor", {
        ...seconds,
        description: "Time that the oldest work under way has taken so far.",
        value: ({ queue }) => queue.unfinished.longestMs / 1000,
      }),
      this.#observed("counter", "retries", {
        description: "Keys that came back after a failure.",
        value: ({ meter }) => meter.retries,
      }),
    ];
  }

  #observed(
    type: NumberType,
    name: string,
    of: { unit?: string; description: string; value: (queue: Measured) => number },
  ): Observed {
    const { unit = "{item}", description, value } = of;
    return new Observed(type, {
      name: `kn.workqueue.${name}`,
      unit,
      description,
      scope: SCOPE,
      read: () => this.#queues.map((queue) => ({ attributes: queue.attributes, value: value(queue) })),
    });
  }
}

function histogram(name: string, description: string): Histogram {
  return new Histogram({
    name: `kn.workqueue.${name}`,
    unit: "s",
    description,
    scope: SCOPE,
    bounds: SECONDS_BOUNDS,
  });
}
