/**
 * Time as a port. `wall` may jump; `monotonic` never does and is the same for all processes of one machine,
 * so that a timeline can be made of moments from both of them. Everything that must happen later goes through
 * `schedule`, except promises and `queueMicrotask`; that is what lets the simulator own time.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  wall(): number;
  /** Milliseconds since an arbitrary fixed point of this machine, with fractions. */
  monotonic(): number;
  /** Runs `task` once, `delayMs` from now (0 = next turn). */
  schedule(delayMs: number, task: () => void): Timer;
}

export interface Timer {
  /** Idempotent; after it the task never runs. */
  cancel(): void;
}

export const systemClock: Clock = {
  wall: () => Date.now(),
  // As fast as performance.now(), whose library takes a millisecond of the start; without a BigInt: hot path.
  monotonic() {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1e3 + nanoseconds / 1e6;
  },
  schedule(delayMs, task) {
    // Node's shortest timer is 1 ms; a cold start crosses several turns.
    if (delayMs === 0) {
      const turn = setImmediate(task);
      return { cancel: () => clearImmediate(turn) };
    }
    const timer = setTimeout(task, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Resolves after `delayMs`, or at once when `signal` aborts; never rejects. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      timer.cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = clock.schedule(delayMs, done);
    signal?.addEventListener("abort", done);
  });
}
