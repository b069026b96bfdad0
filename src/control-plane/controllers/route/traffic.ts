import type { Configuration } from "../../../api/configuration/kind.ts";
import { CONFIGURATION, SERVICE } from "../../../api/labels.ts";
import type { Stored } from "../../../api/object.ts";
import type { Revision } from "../../../api/revision/kind.ts";
import type { Route } from "../../../api/route/kind.ts";
import type { TrafficTarget } from "../../../api/traffic-target.ts";
import { isReady, readyOf } from "../../../kube/conditions.ts";

/** Which Revisions a Route's traffic goes to (spec C-041…C-043, A-054). */

/** A target at the level of Revisions. */
export interface RevisionTarget {
  readonly revisionName: string;
  readonly configurationName?: string;
  readonly latestRevision: boolean;
  readonly percent: number;
  readonly tag: string;
  readonly protocol: "http1" | "h2c";
}

export interface Traffic {
  /** As the status shows them, in the order of the spec. */
  readonly listed: readonly RevisionTarget[];
  /** By name of the origin: "" for the main one, else the tag. Percentages add up to 100. */
  readonly byName: ReadonlyMap<string, readonly RevisionTarget[]>;
}

/** Why traffic cannot be assigned. `final` = waiting will not help. */
export interface TrafficProblem {
  readonly reason: string;
  readonly message: string;
  readonly final: boolean;
}

export interface References {
  configuration(name: string): Stored<Configuration> | undefined;
  revision(name: string): Stored<Revision> | undefined;
}

export function resolveTraffic(route: Stored<Route>, references: References): Traffic | TrafficProblem {
  const listed: RevisionTarget[] = [];
  const byName = new Map<string, RevisionTarget[]>();
  let problem: TrafficProblem | undefined;
  for (const target of route.spec.traffic ?? []) {
    const resolved = resolveTarget(route, target, references);
    if ("reason" in resolved) {
      if (!problem || resolved.final) problem = resolved;
      continue;
    }
    addListed(listed, resolved);
    for (const name of new Set(["", resolved.tag]))
      byName.set(name, merged(byName.get(name) ?? [], resolved));
  }
  if (problem) return problem;
  const whole = [...byName].map(([name, targets]) => [name, wholePercent(targets)] as const);
  return { listed, byName: new Map(whole) };
}

function resolveTarget(
  route: Stored<Route>,
  target: TrafficTarget,
  references: References,
): RevisionTarget | TrafficProblem {
  const found = target.revisionName
    ? namedRevision(route, target.revisionName, references)
    : latestRevision(target.configurationName ?? "", references);
  if ("reason" in found) return found;
  const configurationName = target.configurationName ?? found.metadata.labels?.[CONFIGURATION];
  return {
    revisionName: found.metadata.name,
    ...(configurationName === undefined ? {} : { configurationName }),
    latestRevision: target.latestRevision ?? !target.revisionName,
    percent: target.percent ?? 0,
    tag: target.tag ?? "",
    protocol: protocolOf(found),
  };
}

function latestRevision(name: string, references: References): Stored<Revision> | TrafficProblem {
  const configuration = references.configuration(name);
  if (!configuration) return missing("Configuration", name);
  const latest = configuration.status?.latestReadyRevisionName;
  if (!latest) {
    const failed = readyOf(configuration)?.status === "False";
    const message = failed
      ? `Configuration "${name}" does not have any ready Revision.`
      : `Configuration "${name}" is waiting for a Revision to become ready.`;
    return { reason: "RevisionMissing", message, final: failed };
  }
  const revision = references.revision(latest);
  return revision ? (unready(revision) ?? revision) : missing("Revision", latest);
}

function namedRevision(
  route: Stored<Route>,
  name: string,
  references: References,
): Stored<Revision> | TrafficProblem {
  const revision = references.revision(name);
  if (!revision) return missing("Revision", name);
  const foreign = foreignRevision(route, revision);
  if (foreign) return { reason: "RevisionNotOwned", message: foreign, final: true };
  return unready(revision) ?? revision;
}

function unready(revision: Stored<Revision>): TrafficProblem | undefined {
  if (isReady(revision)) return undefined;
  const { name } = revision.metadata;
  const failed = readyOf(revision)?.status === "False";
  const message = failed
    ? `Revision "${name}" failed to become ready.`
    : `Revision "${name}" is not yet ready.`;
  return { reason: "RevisionMissing", message, final: failed };
}

/** The Route of a Service serves that Service's Revisions only (spec C-042). */
function foreignRevision(route: Stored<Route>, { metadata }: Revision): string | undefined {
  const service = (route.metadata.ownerReferences ?? []).find(
    ({ controller, kind, apiVersion }) =>
      controller && kind === "Service" && apiVersion.startsWith("serving.knative.dev/"),
  )?.name;
  const actual = metadata.labels?.[SERVICE];
  if (service === undefined || service === actual) return undefined;
  return actual === undefined
    ? `Revision "${metadata.name}" does not belong to Service "${service}".`
    : `Revision "${metadata.name}" belongs to Service "${actual}", not Service "${service}".`;
}

function missing(kind: "Configuration" | "Revision", name: string): TrafficProblem {
  return {
    reason: `${kind}Missing`,
    message: `${kind} "${name}" referenced in traffic not found.`,
    final: true,
  };
}

/** In the status the same Revision is listed once per tag and way of naming it. */
function addListed(listed: RevisionTarget[], target: RevisionTarget): void {
  const index = listed.findIndex(
    (known) =>
      known.tag === target.tag &&
      known.revisionName === target.revisionName &&
      known.latestRevision === target.latestRevision,
  );
  const known = listed[index];
  if (known) listed[index] = { ...known, percent: known.percent + target.percent };
  else listed.push(target);
}

/** Within one origin by Revision alone; the first one's other facts win (errata C-041). */
function merged(targets: readonly RevisionTarget[], target: RevisionTarget): RevisionTarget[] {
  if (!targets.some(({ revisionName }) => revisionName === target.revisionName)) return [...targets, target];
  return targets.map((known) =>
    known.revisionName === target.revisionName
      ? { ...known, percent: known.percent + target.percent }
      : known,
  );
}

function wholePercent(targets: readonly RevisionTarget[]): readonly RevisionTarget[] {
  const [only] = targets;
  return only && targets.length === 1 ? [{ ...only, percent: 100 }] : targets;
}

export function protocolOf({ spec }: Revision): "http1" | "h2c" {
  const serving = spec.containers.find(({ ports }) => ports?.length) ?? spec.containers[0];
  return serving?.ports?.[0]?.name === "h2c" ? "h2c" : "http1";
}
