import type { GcConfig } from "../../../api/config/gc.ts";
import type { Configuration } from "../../../api/configuration/kind.ts";
import { NO_GC, ROUTING_STATE, ROUTING_STATE_MODIFIED } from "../../../api/labels.ts";
import type { Stored } from "../../../api/object.ts";
import type { Revision } from "../../../api/revision/kind.ts";

/** Which Revisions of a Configuration nobody needs any more (spec C-064…C-066). Pure. */

export interface Surplus {
  readonly revisions: readonly Stored<Revision>[];
  /** When, if nothing else happens, the next one may go; undefined = never. */
  readonly nextMs?: number;
}

export function surplusOf(
  configuration: Stored<Configuration>,
  all: readonly Stored<Revision>[],
  options: { readonly gc: GcConfig; readonly nowMs: number },
): Surplus {
  const { gc, nowMs } = options;
  const idle = all.filter((revision) => !isActive(revision, configuration)).sort(byLastUse);
  const goingMax = Math.max(0, idle.length - gc.minNonActiveRevisions);
  const going = idle.filter((revision) => staleAtMs(revision, gc) <= nowMs).slice(0, goingMax);
  const left = idle.filter((revision) => !going.includes(revision));
  const tooMany = Math.max(0, left.length - gc.maxNonActiveRevisions);
  const revisions = [...going, ...left.slice(0, tooMany)];
  const waiting = left.slice(tooMany).map((revision) => staleAtMs(revision, gc));
  const next = Math.min(...waiting.filter((ms) => ms > nowMs));
  const mayShrink = idle.length - revisions.length > gc.minNonActiveRevisions && Number.isFinite(next);
  return mayShrink ? { revisions, nextMs: next } : { revisions };
}

/** Whatever the labeler has not put in reserve may still be served, a pending one too. */
function isActive({ metadata }: Stored<Revision>, { status }: Configuration): boolean {
  const { name, annotations = {}, labels = {} } = metadata;
  if (name === status?.latestReadyRevisionName) return true;
  return annotations[NO_GC]?.toLowerCase() === "true" || labels[ROUTING_STATE] !== "reserve";
}

/** Both times must be over; one that is disabled counts for nothing, and with both disabled it never is. */
function staleAtMs(revision: Stored<Revision>, gc: GcConfig): number {
  const times = [
    createdMs(revision) + gc.retainSinceCreateTimeMs,
    lastUseMs(revision) + gc.retainSinceLastActiveTimeMs,
  ].filter(Number.isFinite);
  return times.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...times);
}

function byLastUse(a: Stored<Revision>, b: Stored<Revision>): number {
  return lastUseMs(a) - lastUseMs(b) || createdMs(a) - createdMs(b);
}

function lastUseMs(revision: Stored<Revision>): number {
  return Date.parse(revision.metadata.annotations?.[ROUTING_STATE_MODIFIED] ?? "") || createdMs(revision);
}

function createdMs({ metadata }: Stored<Revision>): number {
  return Date.parse(metadata.creationTimestamp);
}
