import type { Clock, Timer } from "./clock.ts";

/** So many tasks that have run are kept before they are taken off the queue. */
const DONE_MAX = 1024;

interface Waiting {
  task: (() => void) | undefined;
}

/**
 * The same clock, but of all that was put off to the next turn one task runs in each, in order. A loop takes all of
 * them in one go, and with some tens of controllers at work the network waited for the sum of their steps.
 */
export function oneTaskATurn(clock: Clock): Clock {
  let queue: Waiting[] = [];
  let next = 0;
  const run = (): void => {
    const waiting = queue[next++];
    if (next < queue.length) clock.schedule(0, run);
    if (next === queue.length || next === DONE_MAX) {
      queue = queue.slice(next);
      next = 0;
    }
    const task = waiting?.task;
    if (waiting) waiting.task = undefined;
    task?.();
  };
  const putOff = (task: () => void): Timer => {
    const waiting: Waiting = { task };
    if (queue.push(waiting) === 1) clock.schedule(0, run);
    return {
      cancel() {
        waiting.task = undefined;
      },
    };
  };
  return {
    wall: clock.wall,
    monotonic: clock.monotonic,
    schedule: (delayMs, task) => (delayMs === 0 ? putOff(task) : clock.schedule(delayMs, task)),
  };
}
