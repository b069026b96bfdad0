import { resolve } from "node:path";
import type { BenchOptions } from "../run.ts";
import type { Contender } from "./contender.ts";

/** What a part of the bench, which makes one table, is given. */
export interface PartContext {
  /** Those that parts share; empty for a part that has its own. */
  readonly contenders: readonly Contender[];
  readonly options: BenchOptions;
  /** A folder for files, removed at the end. */
  readonly work: string;
}

export const DIST = resolve(import.meta.dirname, "../../dist");

export function roundsOf({ runs, smoke }: BenchOptions): number {
  return runs ?? (smoke ? 1 : 5);
}
