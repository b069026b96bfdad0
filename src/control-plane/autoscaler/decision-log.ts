import type { ObjectKey } from "../../api/object.ts";
import { keyText } from "../../api/object.ts";

/** Why a revision got the scale that it got, kept for those who ask later. */
export interface DecisionRecord {
  readonly key: ObjectKey;
  /** Clock.wall(). */
  readonly atMs: number;
  /** A poke is a report of requests that no ready pod can take. */
  readonly cause: "tick" | "poke";
  readonly before: number;
  readonly desired: number;
  readonly readyPods: number;
  readonly metric: string;
  readonly stable: number;
  readonly panic: number;
  readonly target: number;
  readonly panicking: boolean;
  readonly excessBurstCapacity: number;
}

/** The newest changes of scale over all revisions; older ones are forgotten. */
export class DecisionLog {
  readonly #capacity: number;
  readonly #records: DecisionRecord[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(record: DecisionRecord): void {
    this.#records.push(record);
    if (this.#records.length > this.#capacity) this.#records.shift();
  }

  /** Oldest first. */
  of(key: ObjectKey): readonly DecisionRecord[] {
    return this.#records.filter(({ key: one }) => one.namespace === key.namespace && one.name === key.name);
  }
}

/** One sentence with the numbers that led to the decision. */
export function explainDecision(record: DecisionRecord): string {
  const unit = record.metric === "rps" ? "requests/s" : "requests in flight";
  const cause = record.cause === "poke" ? "a request found no ready pod" : "regular check";
  const mode = record.panicking ? "in panic, no way down until the burst is over" : "calm";
  const before = record.before < 0 ? "unknown" : record.before;
  return [
    `${keyText(record.key)}: ${before} → ${record.desired} pods (${cause}; ${mode}):`,
    `${short(record.stable)} ${unit} over the stable window, ${short(record.panic)} over the panic window,`,
    `${short(record.target)} wanted for each pod, ${record.readyPods} ready,`,
    `spare capacity ${record.excessBurstCapacity}`,
  ].join(" ");
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
