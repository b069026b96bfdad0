import { qosClassOf } from "../../api/pod/defaults.ts";
import type { ContainerState, ContainerStatus, Pod, PodCondition, PodStatus } from "../../api/pod/kind.ts";
import { isOver } from "../../api/pod/phase.ts";
import { timeText } from "../../kube/time.ts";
import { type ContainerLife, type Ended, isContainerReady, isStarted } from "./container-life.ts";
import type { PodState } from "./pod-lifecycle.ts";

/** A pod's state as the kubelet writes it; `before` gives the conditions' transition times. Pure. */
export function podStatus(state: PodState, pod: Pod, at: { nowMs: number; hostIp: string }): PodStatus {
  const now = timeText(at.nowMs);
  const names = (unready: readonly ContainerLife[]) => unready.map(({ name }) => name).join(" ");
  const unready = state.containers.filter((container) => !isContainerReady(container));
  const phase = phaseOf(state);
  const ended = isOver({ status: { phase } });
  const because: Partial<PodCondition> = ended
    ? { reason: phase === "Failed" ? "PodFailed" : "PodCompleted" }
    : { reason: "ContainersNotReady", message: `containers with unready status: [${names(unready)}]` };
  const isReady = unready.length === 0 && state.phase === "active";
  const ready = isReady ? { status: "True" as const } : { status: "False" as const, ...because };
  const wanted: PodCondition[] = [
    { type: "PodScheduled", status: "True" },
    { type: "Initialized", status: "True" },
    { type: "ContainersReady", ...ready },
    { type: "Ready", ...ready },
  ];
  const known = pod.status?.conditions ?? [];
  const { eviction } = state;
  if (eviction) {
    const why = { reason: "TerminationByKubelet", message: eviction.message };
    wanted.push({ type: "DisruptionTarget", status: "True", ...why });
  }
  return {
    phase,
    ...(eviction ? { reason: "Evicted", message: eviction.message } : {}),
    conditions: wanted.map((condition) => stamped(condition, known, now)),
    hostIP: at.hostIp,
    hostIPs: [{ ip: at.hostIp }],
    ...(state.ip === undefined ? {} : { podIP: state.ip, podIPs: [{ ip: state.ip }] }),
    startTime: timeText(state.startedAtMs),
    containerStatuses: state.containers.map((container) => containerStatus(container, { pod, state })),
    qosClass: qosClassOf({ ...pod.spec }),
  };
}

function stamped(condition: PodCondition, known: readonly PodCondition[], now: string): PodCondition {
  const before = known.find(({ type }) => type === condition.type);
  const lastTransitionTime =
    before?.status === condition.status && before.lastTransitionTime ? before.lastTransitionTime : now;
  return { ...condition, lastProbeTime: null, lastTransitionTime };
}

function phaseOf({ containers, restartPolicy, eviction }: PodState): NonNullable<PodStatus["phase"]> {
  if (eviction) return "Failed";
  const exits = containers.flatMap(({ life }) => (life.phase === "terminated" ? [life.exit.exitCode] : []));
  if (exits.length === containers.length && restartPolicy !== "Always") {
    if (exits.every((code) => code === 0)) return "Succeeded";
    if (restartPolicy === "Never") return "Failed";
  }
  const started = containers.some(({ life, last }) => life.phase !== "waiting" || last !== undefined);
  return started && containers.every(({ life, last }) => life.phase !== "waiting" || last)
    ? "Running"
    : "Pending";
}

function containerStatus(
  container: ContainerLife,
  { pod, state }: { pod: Pod; state: PodState },
): ContainerStatus {
  const { name, image, imageId, restart, last, life } = container;
  return {
    name,
    state: stateOf(container, { pod, state }),
    lastState:
      last && !(life.phase === "terminated" && !isWaitingToRestart(container)) ? terminated(last) : {},
    ready: isContainerReady(container) && state.phase === "active",
    restartCount: restart,
    image,
    imageID: imageId,
    started: isStarted(container),
  };
}

function stateOf(container: ContainerLife, { pod, state }: { pod: Pod; state: PodState }): ContainerState {
  const { life } = container;
  if (life.phase === "running")
    return { running: { startedAt: timeText(container.startedAtMs ?? state.startedAtMs) } };
  if (life.phase === "terminated") {
    if (!isWaitingToRestart(container)) return terminated(life.exit);
    const { name, namespace, uid } = pod.metadata;
    const seconds = container.backingOffMs / 1000;
    const whose = `container=${container.name} pod=${name}_${namespace}(${uid})`;
    const message = `back-off ${backOffText(seconds)} restarting failed ${whose}`;
    return { waiting: { reason: "CrashLoopBackOff", message } };
  }
  const message = life.message ?? state.problem;
  return { waiting: { reason: life.reason, ...(message === undefined ? {} : { message }) } };
}

export function isWaitingToRestart({ life, backingOffMs, retryAtMs }: ContainerLife): boolean {
  return life.phase === "terminated" && backingOffMs > 0 && Number.isFinite(retryAtMs);
}

function terminated(exit: Ended): ContainerState {
  const { exitCode, reason, message, atMs } = exit;
  return {
    terminated: {
      exitCode,
      reason,
      ...(message ? { message } : {}),
      startedAt: timeText(exit.startedAtMs ?? atMs),
      finishedAt: timeText(atMs),
    },
  };
}

/** Go's way to write whole seconds: 10s, 1m20s, 5m0s. */
function backOffText(seconds: number): string {
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
