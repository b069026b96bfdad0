import type { HistoryEntry } from "../history.ts";

/** What a checker may assume of the run. */
export interface RunFacts {
  /** containerConcurrency by service; 0 = unlimited. */
  readonly concurrency: Readonly<Record<string, number>>;
}

/** Reads a finished run and names every broken promise, with the time at which it broke. */
export type Checker = (entries: readonly HistoryEntry[], facts: RunFacts) => string[];
