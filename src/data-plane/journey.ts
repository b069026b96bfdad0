/**
 * A request's way through a program: one ordered list of named phases. A phase answers the request, lets it go on, or
 * keeps it and calls `goOn` later. Nothing is allocated for a request but its journey object: hot path.
 */
export interface Phase<J extends Journey> {
  readonly name: string;
  /** One line: what would be wrong without this phase. */
  readonly why: string;
  run(journey: J): PhaseEnd;
}

/** "over": answered or given up; "kept": the phase itself will call `goOn`. */
export type PhaseEnd = "next" | "over" | "kept";

export interface Journey {
  /** Index of the phase that is running, or that keeps the journey. */
  at: number;
}

/** Runs the phases from the first one. */
export function setOut<J extends Journey>(phases: readonly Phase<J>[], journey: J): void {
  journey.at = -1;
  goOn(phases, journey);
}

/** Runs the phases behind the one that kept the journey. */
export function goOn<J extends Journey>(phases: readonly Phase<J>[], journey: J): void {
  for (;;) {
    journey.at += 1;
    const phase = phases[journey.at];
    if (phase === undefined || phase.run(journey) !== "next") return;
  }
}
