/**
 * An operating error: what failed, on which object, why, and what to do about it, as one sentence.
 * `code` is stable and may reach users (header X-Ebb-Error); the message may change.
 */
export class EbbError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The text of anything that was thrown; what crossed a border between threads or processes is no Error any more. */
export function messageOf(thrown: unknown): string {
  if (typeof thrown !== "object" || thrown === null) return String(thrown);
  if ("message" in thrown && typeof thrown.message === "string") return thrown.message;
  return thrown instanceof Error ? thrown.name : JSON.stringify(thrown);
}
