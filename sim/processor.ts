import type { Clock, Timer } from "../src/base/clock.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** What one synchronous slice of a process used, told when it is over. */
export interface Slice {
  readonly process: string;
  readonly atMs: number;
  readonly costMs: number;
}

/** Milliseconds by method. */
type Costs<T> = Partial<Record<keyof T, number | ((found: never) => number)>>;

interface Waiting {
  task: (() => void) | undefined;
}

/** Milliseconds that a timer's callback takes by itself. */
const TURN_MS = 0.005;

/**
 * The main thread of one simulated process. Whatever it does is charged with `spend`; until that time is over nothing
 * else of the process runs, and what comes meanwhile waits in order. Other processes go on: each has a processor.
 */
export class Processor {
  readonly name: string;
  readonly #clock: VirtualClock;
  readonly #onSlice: (slice: Slice) => void;
  readonly #waiting: Waiting[] = [];
  #busyUntilMs = 0;
  /** Charged to the slice that runs now. */
  #spentMs = 0;
  #isWaking = false;

  constructor(name: string, ports: { clock: VirtualClock; onSlice: (slice: Slice) => void }) {
    this.name = name;
    this.#clock = ports.clock;
    this.#onSlice = ports.onSlice;
    this.#clock.onTurnEnd(() => this.#endSlice());
  }

  /** The running slice uses the processor for so long. */
  readonly spend = (ms: number): void => {
    this.#spentMs += ms;
  };

  /** Runs `task` now, or as soon as the process has done what came before. */
  run(task: () => void): void {
    this.#enter({ task });
  }

  /** The same object, whose named methods are charged: at the call, or by what they resolve to. */
  charging<T extends object>(target: T, costs: Costs<T>): T {
    return new Proxy(target, {
      get: (_, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        const cost = costs[name as keyof T];
        return (...args: unknown[]) => {
          if (typeof cost === "number") this.spend(cost);
          const result: unknown = value.apply(target, args);
          if (typeof cost !== "function") return result;
          return (result as Promise<never>).then((found) => {
            this.spend(cost(found));
            return found;
          });
        };
      },
    });
  }

  /** Time as this process sees it: it passes while the process works. */
  readonly clock: Clock = {
    wall: () => this.#clock.wall() + this.#spentMs,
    monotonic: () => this.#clock.monotonic() + this.#spentMs,
    schedule: (delayMs, task): Timer => {
      const entry: Waiting = { task };
      const timer = this.#clock.schedule(delayMs + this.#spentMs, () => this.#enter(entry));
      return {
        cancel: () => {
          entry.task = undefined;
          timer.cancel();
        },
      };
    },
  };

  #enter(entry: Waiting): void {
    if (this.#isFree && this.#waiting.length === 0) this.#do(entry);
    else {
      this.#waiting.push(entry);
      this.#wakeWhenFree();
    }
  }

  get #isFree(): boolean {
    return this.#clock.monotonic() >= this.#busyUntilMs && this.#spentMs === 0;
  }

  #do({ task }: Waiting): void {
    if (!task) return;
    this.spend(TURN_MS);
    task();
  }

  /** One waiting task a turn, so that each is a slice of its own. */
  #wakeWhenFree(): void {
    if (this.#isWaking) return;
    this.#isWaking = true;
    this.#clock.schedule(Math.max(0, this.#busyUntilMs - this.#clock.monotonic()), () => {
      this.#isWaking = false;
      while (this.#waiting[0] && !this.#waiting[0].task) this.#waiting.shift();
      if (this.#isFree) {
        const next = this.#waiting.shift();
        if (next) this.#do(next);
      }
      if (this.#waiting.length > 0) this.#wakeWhenFree();
    });
  }

  #endSlice(): void {
    if (this.#spentMs === 0) return;
    const atMs = this.#clock.monotonic();
    this.#busyUntilMs = Math.max(this.#busyUntilMs, atMs) + this.#spentMs;
    const costMs = this.#spentMs;
    this.#spentMs = 0;
    this.#onSlice({ process: this.name, atMs, costMs });
  }
}
