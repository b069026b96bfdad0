/** What `kubectl get pods` shows of a pod: the same words as Kubernetes' own printer. */
import { ageText } from "../age.ts";
import type { ContainerStatus, Pod } from "./pod.ts";

/** `1/2`: ready containers of all. */
export function readyCount(pod: Pod): string {
  const statuses = pod.status?.containerStatuses ?? [];
  const ready = statuses.filter((one) => one.ready && one.state?.running !== undefined).length;
  return `${ready}/${pod.spec.containers.length}`;
}

/** The phase, or what is more telling: the reason a container waits or ended, the init step, the deletion. */
export function podPhaseText(pod: Pod): string {
  const initializing = initText(pod);
  let reason = initializing ?? runningText(pod);
  if (pod.metadata.deletionTimestamp !== undefined) {
    const ended = pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
    if (pod.status?.reason === "NodeLost") reason = "Unknown";
    else if (!ended) reason = "Terminating";
  }
  return reason;
}

function initText(pod: Pod): string | undefined {
  const total = pod.spec.initContainers?.length ?? 0;
  for (const [index, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const { terminated, waiting } = status.state ?? {};
    if (terminated?.exitCode === 0) continue;
    if (terminated !== undefined) return `Init:${endText(terminated)}`;
    if (waiting?.reason !== undefined && waiting.reason !== "" && waiting.reason !== "PodInitializing") {
      return `Init:${waiting.reason}`;
    }
    return `Init:${index}/${total}`;
  }
  return undefined;
}

function endText(terminated: { reason?: string; signal?: number; exitCode: number }): string {
  if (terminated.reason !== undefined && terminated.reason !== "") return terminated.reason;
  if (terminated.signal !== undefined && terminated.signal !== 0) return `Signal:${terminated.signal}`;
  return `ExitCode:${terminated.exitCode}`;
}

function runningText(pod: Pod): string {
  let reason: string = pod.status?.reason || pod.status?.phase || "";
  let anyRunning = false;
  for (const status of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    const { terminated, waiting, running } = status.state ?? {};
    if (waiting?.reason !== undefined && waiting.reason !== "") reason = waiting.reason;
    else if (terminated !== undefined) reason = endText(terminated);
    else if (status.ready && running !== undefined) anyRunning = true;
  }
  if (reason !== "Completed" || !anyRunning) return reason;
  const ready = pod.status?.conditions?.some((one) => one.type === "Ready" && one.status === "True");
  return ready ? "Running" : "NotReady";
}

/** The number of restarts, with the age of the last one when it is known: `3 (5m2s ago)`. */
export function restartsText(pod: Pod, nowMs: number): string {
  const containers = pod.status?.containerStatuses ?? [];
  const inits = pod.status?.initContainerStatuses ?? [];
  const statuses = initText(pod) === undefined ? containers : inits;
  const restarts = statuses.reduce((sum, one) => sum + one.restartCount, 0);
  const last = Math.max(...statuses.map(lastEndMs));
  if (restarts === 0 || !Number.isFinite(last)) return String(restarts);
  return `${restarts} (${ageText(last, nowMs)} ago)`;
}

function lastEndMs(status: ContainerStatus): number {
  const finishedAt = status.lastState?.terminated?.finishedAt;
  return finishedAt === undefined ? Number.NEGATIVE_INFINITY : Date.parse(finishedAt);
}
