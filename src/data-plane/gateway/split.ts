import type { Random } from "../../base/random.ts";
import type { Split } from "./route-table.ts";

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
