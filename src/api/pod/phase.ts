import type { Pod } from "./pod.ts";

/** Nothing of it will run again. */
export function isOver({ status }: Pick<Pod, "status">): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}
