/** A moment as Kubernetes writes it: RFC 3339, UTC, whole seconds. */
export function timeText(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19)}Z`;
}
