/** A broken invariant is a bug of ours: crash loudly rather than go on with wrong state. Kept in production. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
