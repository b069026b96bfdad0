import type { OutgoingRequest } from "./upstream.ts";

const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);
const PROMISES = ["idempotency-key", "x-idempotency-key"] as const;

/**
 * Whether a server may get the request twice: nothing of it is used up, and its method or its sender says that a second
 * time does no harm (RFC 9110 §9.2.2). PUT and DELETE are left out, as by Go's transport: servers keep to them less.
 */
export function isReplayable({ head, body }: OutgoingRequest): boolean {
  if (body.length !== 0) return false;
  return IDEMPOTENT.has(head.method) || PROMISES.some((name) => head.headers.has(name));
}
