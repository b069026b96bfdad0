import type { Container, Probe } from "../../api/container.ts";
import { type ProbeTrack, trackProbe } from "./probe-schedule.ts";

/** One container of a pod over all its runs. */
export interface ContainerLife {
  readonly name: string;
  readonly image: string;
  readonly spec: Pick<Container, "startupProbe" | "livenessProbe" | "readinessProbe">;
  /** The readiness probe may be asked more often than its period says while it has never passed. */
  readonly hasty: boolean;
  /** Of the present run, or the one that comes next while the first has not started. */
  readonly restart: number;
  readonly life: Life;
  /** A start is under way. */
  readonly starting: boolean;
  readonly startFailures: number;
  readonly last?: Ended;
  readonly imageId: string;
  /** Wall time of the last start. */
  readonly startedAtMs?: number;
  readonly probes: Readonly<Partial<Record<"startup" | "liveness" | "readiness", ProbeTrack>>>;
  /** Monotonic, Infinity = none: the next start, and the SIGKILL after a failed liveness probe. */
  readonly retryAtMs: number;
  readonly killAtMs: number;
  /** How long the next crash will wait, and how long the last one waits. */
  readonly backOffMs: number;
  readonly backingOffMs: number;
}

export type Life =
  | { readonly phase: "waiting"; readonly reason: string; readonly message?: string }
  | { readonly phase: "running" }
  | { readonly phase: "terminated"; readonly exit: Ended };

export interface Ended {
  readonly exitCode: number;
  readonly reason: string;
  readonly message?: string;
  /** Wall times. */
  readonly startedAtMs?: number;
  readonly atMs: number;
}

const NEVER = Number.POSITIVE_INFINITY;

export function newContainer(container: Container): ContainerLife {
  const { name, image = "", startupProbe, livenessProbe, readinessProbe } = container;
  return {
    name,
    image,
    spec: {
      ...(startupProbe ? { startupProbe } : {}),
      ...(livenessProbe ? { livenessProbe } : {}),
      ...(readinessProbe ? { readinessProbe } : {}),
    },
    hasty: isHasty(container),
    restart: 0,
    life: { phase: "waiting", reason: "ContainerCreating" },
    starting: false,
    startFailures: 0,
    imageId: "",
    probes: {},
    retryAtMs: NEVER,
    killAtMs: NEVER,
    backOffMs: 0,
    backingOffMs: 0,
  };
}

/** A user who set a period for the probe that queue-proxy runs is followed to the letter (spec §0.5 H-002, Q-029). */
function isHasty(container: Container): boolean {
  const text = container.env?.find((one) => one.name === "SERVING_READINESS_PROBE")?.value;
  if (!text) return false;
  try {
    const parsed = JSON.parse(text) as Probe | Probe[] | null;
    const probe = Array.isArray(parsed) ? parsed[0] : parsed;
    return !(probe?.periodSeconds && probe.periodSeconds > 0);
  } catch {
    // Not JSON: queue-proxy will say so; the plain period is safe.
    return false;
  }
}

export function startedContainer(
  container: ContainerLife,
  start: { readonly imageId: string; readonly atMs: number; readonly nowMs: number },
): ContainerLife {
  const { startupProbe, livenessProbe, readinessProbe } = container.spec;
  const { nowMs } = start;
  const at = { nowMs, hasty: false };
  return {
    ...container,
    life: { phase: "running" },
    starting: false,
    startFailures: 0,
    imageId: start.imageId,
    startedAtMs: start.atMs,
    retryAtMs: NEVER,
    killAtMs: NEVER,
    probes: {
      ...(startupProbe ? { startup: trackProbe(startupProbe, { ...at, passed: false }) } : {}),
      ...(livenessProbe ? { liveness: trackProbe(livenessProbe, { ...at, passed: true }) } : {}),
      ...(readinessProbe
        ? { readiness: trackProbe(readinessProbe, { nowMs, passed: false, hasty: container.hasty }) }
        : {}),
    },
  };
}

/** The container after its run ended; whether and when it starts again is the pod's to say. */
export function exitOf(container: ContainerLife, exit: Ended): ContainerLife {
  const ended: Ended =
    container.life.phase === "running" && container.startedAtMs !== undefined
      ? { ...exit, startedAtMs: container.startedAtMs }
      : exit;
  return {
    ...container,
    life: { phase: "terminated", exit: ended },
    last: ended,
    starting: false,
    probes: {},
    killAtMs: NEVER,
  };
}

export function reasonOfExit(exitCode: number): string {
  return exitCode === 0 ? "Completed" : "Error";
}

export function isStarted({ life, probes }: ContainerLife): boolean {
  return life.phase === "running" && (probes.startup?.passed ?? true);
}

export function isContainerReady(container: ContainerLife): boolean {
  return isStarted(container) && (container.probes.readiness?.passed ?? true);
}
