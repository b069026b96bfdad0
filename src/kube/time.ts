let last = { second: Number.NaN, text: "" };

/** A moment as Kubernetes writes it: RFC 3339, UTC, whole seconds. */
export function timeText(wallMs: number): string {
  const second = Math.floor(wallMs / 1000);
  // Of thousands of writes a second all but the first have the text of the one before.
  if (second !== last.second) last = { second, text: `${new Date(wallMs).toISOString().slice(0, 19)}Z` };
  return last.text;
}
