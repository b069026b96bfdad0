import type { Container, Probe } from "../../api/container.ts";
import type { PodSpec } from "../../api/pod-spec.ts";
import {
  type ContainerLife,
  exitOf,
  newContainer,
  reasonOfExit,
  startedContainer,
} from "./container-life.ts";
import { answered, asked, isDue, unproven } from "./probe-schedule.ts";

/**
 * A pod's life as a pure machine: `step(state, event, now)` gives the next state and what is to be done. The shell
 * (`pod-worker.ts`) does it and comes back with events.
 *
 *   preparing ─addressed─▶ active ─deleted─▶ draining ─drained─▶ stopping ─all ended─▶ finished
 *
 * A pod that is evicted stays active, with nothing in it, until it is deleted.
 * An event that comes too late (a probe's answer after the restart) names its run and is then ignored.
 */
export interface PodState {
  readonly phase: "preparing" | "active" | "draining" | "stopping" | "finished";
  readonly restartPolicy: "Always" | "OnFailure" | "Never";
  readonly graceMs: number;
  readonly ip?: string;
  /** Why there is no address yet. */
  readonly problem?: string;
  /** Monotonic: when SIGKILL comes at the latest, once the pod is being deleted. */
  readonly deadlineMs?: number;
  readonly killed: boolean;
  /** Why it was ended although nobody deleted it. */
  readonly eviction?: { readonly message: string; readonly isRetired: boolean };
  /** Wall time; the pod's status.startTime. */
  readonly startedAtMs: number;
  readonly containers: readonly ContainerLife[];
}

export interface Now {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

export type PodEvent =
  | { readonly type: "begin" }
  | { readonly type: "addressed"; readonly ip: string }
  | { readonly type: "address-failed"; readonly message: string }
  | {
      readonly type: "started";
      readonly container: string;
      readonly restart: number;
      readonly imageId: string;
      readonly atMs: number;
    }
  | {
      readonly type: "start-failed";
      readonly container: string;
      readonly restart: number;
      readonly reason: string;
      readonly message: string;
      /** The container counts as run and ended with 128, as when its command does not exist. */
      readonly ended?: boolean;
    }
  | {
      readonly type: "exited";
      readonly container: string;
      readonly restart: number;
      readonly exitCode: number;
      readonly atMs: number;
      readonly isOutOfMemory?: boolean;
      readonly message?: string;
    }
  | {
      readonly type: "probed";
      readonly container: string;
      readonly restart: number;
      readonly probe: ProbeName;
      readonly success: boolean;
    }
  /** It took more than it may. */
  | { readonly type: "evicted"; readonly message: string }
  | { readonly type: "deleted"; readonly graceMs: number }
  | { readonly type: "drained" }
  | { readonly type: "tick" };

export type ProbeName = "startup" | "liveness" | "readiness";

export type Effect =
  | { readonly type: "allocate" }
  /** Of the queue-proxy this means hosting it in the data plane. */
  | { readonly type: "start"; readonly container: string; readonly restart: number }
  | {
      readonly type: "probe";
      readonly container: string;
      readonly restart: number;
      readonly name: ProbeName;
      readonly probe: Probe;
    }
  | { readonly type: "drain" }
  | {
      readonly type: "signal";
      readonly container: string;
      readonly restart: number;
      readonly signal: "SIGTERM" | "SIGKILL";
    }
  /** Free what it took; the object stays. */
  | { readonly type: "retire" }
  /** Free everything and remove the object. */
  | { readonly type: "finish" };

export interface Step {
  readonly state: PodState;
  readonly effects: readonly Effect[];
}

const QUEUE_PROXY = "queue-proxy";
/** Tried again after an address or an image could not be had. */
const RETRY_MS = 1_000;
const RETRY_MAX_MS = 5_000;
/** Given to programs for SIGTERM when draining has used up the whole grace period, as the kubelet does. */
const LAST_GRACE_MS = 2_000;

export function newPod(spec: PodSpec, now: Now): PodState {
  return {
    phase: "preparing",
    restartPolicy: (spec.restartPolicy ?? "Always") as PodState["restartPolicy"],
    graceMs: (spec.terminationGracePeriodSeconds ?? 30) * 1000,
    killed: false,
    startedAtMs: now.wallMs,
    containers: spec.containers.map((container) => newContainer(container)),
  };
}

export function step(state: PodState, event: PodEvent, now: Now): Step {
  const moved = apply(state, event, now);
  return withDue(moved, now);
}

/** When `tick` must come, monotonic; Infinity = not at all. */
export function wakeAtMs(state: PodState): number {
  if (state.phase === "finished") return Number.POSITIVE_INFINITY;
  const times = state.containers.flatMap((container) => [
    container.retryAtMs,
    container.killAtMs,
    ...(state.phase === "active" && container.life.phase === "running" ? probeTimes(container) : []),
  ]);
  if (state.phase === "preparing" && state.problem !== undefined) times.push(state.deadlineMs ?? 0);
  if (state.phase === "draining" || state.phase === "stopping") times.push(state.deadlineMs ?? 0);
  return Math.min(...times);
}

function probeTimes({ probes }: ContainerLife): number[] {
  if (probes.startup && !probes.startup.passed) return [probes.startup.nextAtMs];
  return [probes.liveness, probes.readiness].map((track) => track?.nextAtMs ?? Number.POSITIVE_INFINITY);
}

function apply(state: PodState, event: PodEvent, now: Now): Step {
  switch (event.type) {
    case "begin":
      return { state, effects: [{ type: "allocate" }] };
    case "addressed":
      return onAddressed(state, event.ip);
    case "address-failed": {
      const deadlineMs = now.monotonicMs + RETRY_MS;
      return { state: { ...state, problem: event.message, deadlineMs }, effects: [] };
    }
    case "started":
      return onStarted(state, event, now);
    case "start-failed":
      return onStartFailed(state, event, now);
    case "exited":
      return onExited(state, event, now);
    case "probed":
      return onProbed(state, event, now);
    case "evicted":
      return onEvicted(state, event.message, now);
    case "deleted":
      return onDeleted(state, event.graceMs, now);
    case "drained":
      return state.phase === "draining" ? stopAll(state) : { state, effects: [] };
    case "tick":
      return onTick(state, now);
  }
}

function onAddressed(state: PodState, ip: string): Step {
  if (state.phase !== "preparing") return { state: { ...state, ip }, effects: [] };
  const { problem: _, deadlineMs: __, ...rest } = state;
  const containers = state.containers.map(beingStarted);
  // The user's program takes longest: it goes first, the queue-proxy binds its ports meanwhile.
  const order = [...containers].sort((a, b) => Number(isQueueProxy(a)) - Number(isQueueProxy(b)));
  return { state: { ...rest, phase: "active", ip, containers }, effects: order.map(startOf) };
}

function onStarted(state: PodState, event: PodEvent & { type: "started" }, now: Now): Step {
  const found = currentRun(state, event);
  // An exit that was faster than the news of the start has the last word.
  if (!found?.starting) return { state, effects: [] };
  const next = startedContainer(found, { imageId: event.imageId, atMs: event.atMs, nowMs: now.monotonicMs });
  const state2 = unprovenQueueProxy(put(state, next), next, now);
  const isUnwanted = state.phase === "stopping" || state.eviction !== undefined;
  if (!isUnwanted || isQueueProxy(next)) return { state: state2, effects: [] };
  const isKilled = state.killed || state.eviction !== undefined;
  return { state: state2, effects: [signalOf(next, isKilled ? "SIGKILL" : "SIGTERM")] };
}

function onStartFailed(state: PodState, event: PodEvent & { type: "start-failed" }, now: Now): Step {
  const found = currentRun(state, event);
  if (!found?.starting) return { state, effects: [] };
  if (event.ended) {
    const exit = { exitCode: 128, reason: event.reason, message: event.message, atMs: now.wallMs };
    return afterExit(state, exitOf(found, exit), now);
  }
  const tries = found.startFailures + 1;
  const next: ContainerLife = {
    ...found,
    starting: false,
    startFailures: tries,
    life: { phase: "waiting", reason: event.reason, message: event.message },
    retryAtMs: state.eviction
      ? Number.POSITIVE_INFINITY
      : now.monotonicMs + Math.min(RETRY_MS * 2 ** (tries - 1), RETRY_MAX_MS),
  };
  return { state: put(state, next), effects: [] };
}

function onExited(state: PodState, event: PodEvent & { type: "exited" }, now: Now): Step {
  const found = currentRun(state, event);
  // While it is being started again, what has terminated is the run before.
  if (!found || (found.life.phase === "terminated" && !found.starting)) return { state, effects: [] };
  const { exitCode, atMs, message } = event;
  const exit = {
    exitCode,
    atMs,
    reason: event.isOutOfMemory ? "OOMKilled" : reasonOfExit(exitCode),
    ...(message === undefined ? {} : { message }),
  };
  return afterExit(state, exitOf(found, exit), now);
}

const BACK_OFF_FIRST_MS = 10_000;
const BACK_OFF_MAX_MS = 300_000;
/** A run that lasted so long forgives the crashes before it. */
const BACK_OFF_RESET_MS = 600_000;

/** The first restart comes at once, later ones after 10, 20, 40 s… up to five minutes, as the kubelet's. */
function afterExit(before: PodState, ended: ContainerLife, now: Now): Step {
  const state = unprovenQueueProxy(before, ended, now);
  if (state.phase !== "active" || !restarts(state, ended)) return { state: put(state, ended), effects: [] };
  // Of this run: one that ended before its start was known has none.
  const startedAtMs = ended.last?.startedAtMs;
  const ranMs = startedAtMs === undefined ? 0 : now.wallMs - startedAtMs;
  const delayMs = ranMs >= BACK_OFF_RESET_MS ? 0 : ended.backOffMs;
  const backOffMs = delayMs === 0 ? BACK_OFF_FIRST_MS : Math.min(delayMs * 2, BACK_OFF_MAX_MS);
  const waiting = { ...ended, backOffMs, backingOffMs: delayMs, retryAtMs: now.monotonicMs + delayMs };
  return { state: put(state, waiting), effects: [] };
}

/**
 * The queue-proxy's readiness is that of the programs behind it: with one of them ended or started again nothing is
 * known any more. Kubernetes would call such a pod Ready until the next probe.
 */
function unprovenQueueProxy(state: PodState, changed: ContainerLife, now: Now): PodState {
  if (isQueueProxy(changed)) return state;
  const proxy = state.containers.find(isQueueProxy);
  const readiness = proxy?.probes.readiness;
  if (!proxy || !readiness) return state;
  return put(state, {
    ...proxy,
    probes: { ...proxy.probes, readiness: unproven(readiness, now.monotonicMs) },
  });
}

function restarts({ restartPolicy }: PodState, { life }: ContainerLife): boolean {
  if (restartPolicy === "Always") return true;
  return restartPolicy === "OnFailure" && life.phase === "terminated" && life.exit.exitCode !== 0;
}

function onProbed(state: PodState, event: PodEvent & { type: "probed" }, now: Now): Step {
  const found = currentRun(state, event);
  const track = found?.probes[event.probe];
  if (!found || !track || found.life.phase !== "running") return { state, effects: [] };
  const next = answered(track, event.success, now.monotonicMs);
  const container = { ...found, probes: { ...found.probes, [event.probe]: next } };
  const given = track.probe.failureThreshold || 3;
  const failed = event.probe !== "readiness" && !next.passed && next.failures >= given;
  if (!failed || found.killAtMs !== Number.POSITIVE_INFINITY)
    return { state: put(state, container), effects: [] };
  const graceMs = (track.probe.terminationGracePeriodSeconds ?? state.graceMs / 1000) * 1000;
  const stopping = { ...container, killAtMs: now.monotonicMs + graceMs };
  return { state: put(state, stopping), effects: [signalOf(stopping, "SIGTERM")] };
}

/** As the kubelet does it: nothing is started again, no grace is given, and the object stays as Failed (spec E-214). */
function onEvicted(state: PodState, message: string, now: Now): Step {
  if (state.phase !== "active" || state.eviction) return { state, effects: [] };
  const containers = state.containers.map((one) =>
    isQueueProxy(one)
      ? exitOf(one, { exitCode: 0, reason: reasonOfExit(0), atMs: now.wallMs })
      : { ...one, retryAtMs: Number.POSITIVE_INFINITY },
  );
  const evicted: PodState = { ...state, restartPolicy: "Never", containers };
  return {
    state: { ...evicted, eviction: { message, isRetired: false } },
    effects: runningPrograms(evicted).map((one) => signalOf(one, "SIGKILL")),
  };
}

function runningPrograms({ containers }: PodState): ContainerLife[] {
  return containers.filter((one) => one.life.phase === "running" && !isQueueProxy(one));
}

function onDeleted(state: PodState, graceMs: number, now: Now): Step {
  const deadlineMs = now.monotonicMs + graceMs;
  if (state.phase === "finished") return { state, effects: [] };
  if (state.phase === "draining" || state.phase === "stopping") {
    const sooner = Math.min(state.deadlineMs ?? deadlineMs, deadlineMs);
    const moved = { ...state, deadlineMs: sooner };
    return graceMs === 0 && state.phase === "draining" ? stopAll(moved) : { state: moved, effects: [] };
  }
  const { problem: _, ...rest } = state;
  const containers = state.containers.map((one) => ({ ...one, retryAtMs: Number.POSITIVE_INFINITY }));
  const draining: PodState = { ...rest, phase: "draining", deadlineMs, containers };
  if (graceMs === 0 || state.phase === "preparing") return stopAll(draining);
  return { state: draining, effects: [{ type: "drain" }] };
}

function stopAll(state: PodState): Step {
  const effects = runningPrograms(state).map((one) => signalOf(one, "SIGTERM"));
  return { state: { ...state, phase: "stopping" }, effects };
}

function onTick(state: PodState, now: Now): Step {
  if (state.phase === "preparing" && state.problem !== undefined && isPast(state.deadlineMs, now)) {
    const { problem: _, deadlineMs: __, ...rest } = state;
    return { state: rest, effects: [{ type: "allocate" }] };
  }
  if (state.phase === "draining" && isPast(state.deadlineMs, now))
    return stopAll({ ...state, deadlineMs: now.monotonicMs + LAST_GRACE_MS });
  return { state, effects: [] };
}

/** What time alone makes due, and the end of the pod: added to whatever the event did. */
function withDue({ state, effects }: Step, now: Now): Step {
  const more: Effect[] = [...effects];
  let next = state;
  for (const container of state.containers) {
    const due = dueIn(next, container, now);
    next = put(next, due.container);
    more.push(...due.effects);
  }
  if (next.phase === "stopping" && !next.killed && isPast(next.deadlineMs, now)) {
    next = { ...next, killed: true, deadlineMs: Number.POSITIVE_INFINITY };
    more.push(...runningPrograms(next).map((one) => signalOf(one, "SIGKILL")));
  }
  if (next.eviction && !next.eviction.isRetired && next.containers.every(isDone)) {
    next = { ...next, eviction: { ...next.eviction, isRetired: true } };
    more.push({ type: "retire" });
  }
  if (next.phase === "stopping" && next.containers.every(isDone)) {
    next = { ...next, phase: "finished" };
    more.push({ type: "finish" });
  }
  return { state: next, effects: more };
}

function dueIn(
  state: PodState,
  container: ContainerLife,
  now: Now,
): { container: ContainerLife; effects: Effect[] } {
  const nowMs = now.monotonicMs;
  if (container.killAtMs <= nowMs && container.life.phase === "running") {
    const killed = { ...container, killAtMs: Number.MAX_VALUE };
    return { container: killed, effects: [signalOf(killed, "SIGKILL")] };
  }
  if (state.phase !== "active") return { container, effects: [] };
  if (container.retryAtMs <= nowMs) {
    const starting = beingStarted(
      container.life.phase === "terminated" ? { ...container, restart: container.restart + 1 } : container,
    );
    return { container: starting, effects: [startOf(starting)] };
  }
  return container.life.phase === "running" ? dueProbes(container, nowMs) : { container, effects: [] };
}

function dueProbes(container: ContainerLife, nowMs: number): { container: ContainerLife; effects: Effect[] } {
  const { startup } = container.probes;
  const names: readonly ProbeName[] = startup && !startup.passed ? ["startup"] : ["liveness", "readiness"];
  const effects: Effect[] = [];
  let { probes } = container;
  for (const name of names) {
    const track = probes[name];
    if (!isDue(track, nowMs)) continue;
    probes = { ...probes, [name]: asked(track) };
    effects.push({
      type: "probe",
      container: container.name,
      restart: container.restart,
      name,
      probe: track.probe,
    });
  }
  return { container: { ...container, probes }, effects };
}

/** Nothing of it runs and nothing will: the queue-proxy counts as ended as soon as all others have. */
function isDone(container: ContainerLife): boolean {
  // A start under way makes a process yet, even when the run before has ended.
  return isQueueProxy(container) || (container.life.phase !== "running" && !container.starting);
}

function beingStarted(container: ContainerLife): ContainerLife {
  return { ...container, starting: true, retryAtMs: Number.POSITIVE_INFINITY };
}

function currentRun(
  state: PodState,
  run: { readonly container: string; readonly restart: number },
): ContainerLife | undefined {
  return state.containers.find((one) => one.name === run.container && one.restart === run.restart);
}

function put(state: PodState, container: ContainerLife): PodState {
  const containers = state.containers.map((one) => (one.name === container.name ? container : one));
  return { ...state, containers };
}

export function isQueueProxy(container: { readonly name: string } | Container): boolean {
  return container.name === QUEUE_PROXY;
}

function startOf({ name, restart }: ContainerLife): Effect {
  return { type: "start", container: name, restart };
}

function signalOf({ name, restart }: ContainerLife, signal: "SIGTERM" | "SIGKILL"): Effect {
  return { type: "signal", container: name, restart, signal };
}

function isPast(timeMs: number | undefined, now: Now): boolean {
  return timeMs !== undefined && timeMs <= now.monotonicMs;
}
