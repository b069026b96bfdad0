import type { Random } from "../../base/random.ts";
import type { HeaderLine } from "./route-table.ts";

/** One target of a path: a port of a Service, with its share of the requests. */
export interface Split {
  readonly namespace: string;
  readonly service: string;
  readonly port: number | string;
  readonly percent: number;
  /** Set on the request after the choice (spec G-008). */
  readonly setHeaders: readonly HeaderLine[];
}

/** Weighted at random for each request, never sticky; 0 % gets nothing (spec G-007). */
export function pickSplit(splits: readonly Split[], random: Random): Split | undefined {
  if (splits.length === 1) return splits[0];
  let total = 0;
  for (const split of splits) total += split.percent;
  let point = random.next() * total;
  for (const split of splits) {
    point -= split.percent;
    if (point < 0) return split;
  }
  return splits.findLast((split) => split.percent > 0);
}
