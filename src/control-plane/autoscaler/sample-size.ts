const EXHAUSTIVE = 3;
/** 95 % confidence, a margin of half the deviation that is expected: (1.96² · 100) / 25 (spec S-032). */
const MARGIN = (1.96 * 1.96 * 100) / 25;

/** How many of `pods` must be scraped to know the mean of all of them; at most 16. */
export function sampleSize(pods: number): number {
  if (pods <= EXHAUSTIVE) return Math.max(0, pods);
  return Math.ceil((pods * MARGIN) / (pods + MARGIN - 1));
}
