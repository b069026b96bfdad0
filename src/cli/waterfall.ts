import { MOMENTS, type Moment, type Timeline } from "../api/wire/hosting.ts";

/** How a cold request spent its time, one line per step: name, when it ended, how long it took, a bar to scale. */

const STEP_NAMES: Readonly<Record<Moment, string>> = {
  received: "received",
  scaleDecided: "scale decided",
  podCreated: "pod created",
  processStarted: "process started",
  portOpen: "port open",
  probePassed: "probe passed",
  forwarded: "forwarded",
  firstByte: "first byte",
};

const BAR_WIDTH = 40;

export function waterfall(timeline: Timeline): string {
  const steps = stepsOf(timeline);
  const last = steps.at(-1);
  if (!last) return "no moments were recorded\n";
  const scale = BAR_WIDTH / Math.max(last.endMs, 0.001);
  const lines = steps.map(({ moment, startMs, endMs }) => {
    const start = Math.min(BAR_WIDTH - 1, Math.round(startMs * scale));
    const width = Math.max(1, Math.min(BAR_WIDTH - start, Math.round((endMs - startMs) * scale)));
    const bar = `${" ".repeat(start)}${"█".repeat(width)}`.padEnd(BAR_WIDTH);
    const spent = `+${(endMs - startMs).toFixed(1)}`.padStart(9);
    return `  ${STEP_NAMES[moment].padEnd(16)} ${bar} ${endMs.toFixed(1).padStart(9)} ms ${spent} ms`;
  });
  return `${lines.join("\n")}\n`;
}

interface Step {
  readonly moment: Moment;
  readonly startMs: number;
  readonly endMs: number;
}

/** Moments in the order in which they happened, relative to the request's arrival; each step starts where one ended. */
function stepsOf(timeline: Timeline): Step[] {
  const zero = timeline.moments.received;
  if (zero === undefined) return [];
  const reached = MOMENTS.flatMap((moment) => {
    const at = timeline.moments[moment];
    return at === undefined ? [] : [{ moment, endMs: Math.max(0, at - zero) }];
  }).sort((a, b) => a.endMs - b.endMs);
  return reached.map((step, index) => ({ ...step, startMs: reached[index - 1]?.endMs ?? 0 }));
}
