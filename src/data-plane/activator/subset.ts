/** Which pods this activator takes when several share a revision (spec T-023): pure. */
export interface ActivatorPosition {
  /** How many activators serve the revision. */
  readonly count: number;
  /** This one's place among them by address; -1 when it is not in the list yet. */
  readonly index: number;
}

/** `pods` in order of their addresses. Without a limit every activator may use every pod. */
export function assignSlice<T>(pods: readonly T[], position: ActivatorPosition, limit: number): readonly T[] {
  const { count, index } = position;
  if (limit === 0 || pods.length <= 1 || count <= 1 || index < 0) return pods;
  if (count > pods.length) return pods.slice(index % pods.length, (index % pods.length) + 1);
  const share = Math.floor(pods.length / count);
  const rest = pods.length % count;
  const slice = pods.slice(index * share, (index + 1) * share);
  const tail = pods.slice(count * share)[index];
  return index < rest && tail !== undefined ? [...slice, tail] : slice;
}

/** An Endpoints without our own address says nothing about us (spec T-024): undefined. */
export function positionAmong(addresses: readonly string[], own: string): ActivatorPosition | undefined {
  const sorted = [...new Set(addresses)].sort();
  const index = sorted.indexOf(own);
  return index < 0 ? undefined : { count: sorted.length, index };
}
