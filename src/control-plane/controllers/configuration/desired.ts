import type { Configuration, ConfigurationStatus } from "../../../api/configuration/kind.ts";
import { CONFIGURATION_GENERATION } from "../../../api/labels.ts";
import type { Stored } from "../../../api/object.ts";
import { NOT_READY_YET } from "../../../api/reasons.ts";
import { type Revision, RevisionKind } from "../../../api/revision/kind.ts";
import { Conditions, isReady, livingSet, readyOf } from "../../../kube/conditions.ts";
import { type Context, child, type Desired, type EventNote } from "../../../kube/controller.ts";
import { createOnly, isControlledBy } from "../../../kube/owned-children.ts";
import { semanticallyEqual } from "../../../kube/semantic.ts";
import { revisionOf } from "./revision.ts";

/** A Configuration makes one Revision per generation and follows which of them is ready (spec C-014…C-018, A-048). */

export interface ConfigurationObserved {
  readonly revisions: readonly Stored<Revision>[];
  /** The Revision that has the name given in the template, whoever owns it. */
  readonly namedRevision?: Stored<Revision> | undefined;
}

type Latest =
  | { readonly revision: Stored<Revision> }
  | { readonly missing: true }
  | { readonly conflict: string };

const set = livingSet();

export function desiredConfiguration(
  configuration: Stored<Configuration>,
  observed: ConfigurationObserved,
  context: Pick<Context<unknown>, "nowMs" | "failure">,
): Desired<Configuration> {
  const status: ConfigurationStatus = { ...configuration.status };
  const conditions = new Conditions(set, status.conditions);
  const events: EventNote[] = [];
  const finish = (children: Desired<Configuration>["children"]): Desired<Configuration> => ({
    children,
    events,
    status: { ...status, conditions: conditions.list() },
  });
  const latest = latestRevision(configuration, observed);
  if ("conflict" in latest) {
    conditions.markFalse("Ready", creationFailed(latest.conflict));
    return finish([]);
  }
  if ("missing" in latest) {
    if (context.failure) {
      conditions.markFalse("Ready", creationFailed(context.failure.message));
      events.push(warning("CreationFailed", `Failed to create Revision: ${context.failure.message}`));
    }
    const object = revisionOf(configuration, context.nowMs);
    return finish([child({ kind: RevisionKind, object, revise: createOnly })]);
  }
  const { revision } = latest;
  const { name } = revision.metadata;
  const ready = readyOf(revision);
  // Knative leaves the wait unexplained; ebb passes on what the Revision says of a first pod that does not get ready.
  const wait = ready?.status === "Unknown" && ready.reason === NOT_READY_YET ? ready : undefined;
  if (status.latestReadyRevisionName !== name) conditions.markUnknown("Ready", wait);
  status.latestCreatedRevisionName = name;
  if (ready?.status === "False") {
    const message = `Revision "${name}" failed with message: ${ready.message ?? ""}.`;
    conditions.markFalse("Ready", { reason: "RevisionFailed", message });
    events.push(revisionFailed(name, status.latestReadyRevisionName));
  }
  const newest = newestReady(configuration, observed.revisions, revision);
  if (newest) followReady(newest.metadata.name, { status, conditions, events });
  return finish([]);
}

function followReady(
  name: string,
  following: { status: ConfigurationStatus; conditions: Conditions; events: EventNote[] },
): void {
  const { status, conditions, events } = following;
  const before = status.latestReadyRevisionName;
  status.latestReadyRevisionName = name;
  if (name === status.latestCreatedRevisionName) conditions.markTrue("Ready");
  if (before === name) return;
  if (before === undefined) events.push(normal("ConfigurationReady", "Configuration becomes ready"));
  events.push(normal("LatestReadyUpdate", `LatestReadyRevisionName updated to "${name}"`));
}

/** By the name in the template, else by generation (spec C-015, C-016). */
function latestRevision(configuration: Stored<Configuration>, observed: ConfigurationObserved): Latest {
  const generation = String(configuration.metadata.generation);
  const name = configuration.spec.template.metadata?.name;
  if (!name) {
    const revision = observed.revisions.find((known) => generationOf(known) === generation);
    return revision ? { revision } : { missing: true };
  }
  const named = observed.namedRevision;
  if (!named) return { missing: true };
  const conflict = `revisions.serving.knative.dev "${name}" already exists`;
  if (!isControlledBy(named, configuration)) return { conflict };
  if (generationOf(named) === generation) return { revision: named };
  return semanticallyEqual(configuration.spec.template.spec, named.spec) ? { revision: named } : { conflict };
}

/**
 * The newest ready Revision that is no older than the one known as ready (spec C-017). A template that names an older
 * Revision again goes back to that one first.
 */
function newestReady(
  configuration: Stored<Configuration>,
  revisions: readonly Stored<Revision>[],
  latest: Stored<Revision>,
): Stored<Revision> | undefined {
  const known = revisions.find(
    ({ metadata }) => metadata.name === configuration.status?.latestReadyRevisionName,
  );
  const first = known ? Number(generationOf(known)) : 0;
  const last = configuration.metadata.generation ?? 0;
  const candidates = revisions
    .filter((revision) => Number(generationOf(revision)) >= first && Number(generationOf(revision)) <= last)
    .sort((a, b) => Number(generationOf(b)) - Number(generationOf(a)));
  if (configuration.spec.template.metadata?.name) candidates.unshift(latest);
  return candidates.find(isReady);
}

function generationOf(revision: Revision): string | undefined {
  return revision.metadata.labels?.[CONFIGURATION_GENERATION];
}

/** The one that served until now is a worse loss than one that never did (spec C-018). */
function revisionFailed(name: string, latestReady: string | undefined): EventNote {
  if (name === latestReady) return warning("LatestReadyFailed", `Latest ready revision "${name}" has failed`);
  return warning("LatestCreatedFailed", `Latest created revision "${name}" has failed`);
}

function creationFailed(message: string) {
  return { reason: "RevisionFailed", message: `Revision creation failed with message: ${message}.` };
}

function normal(reason: string, message: string): EventNote {
  return { type: "Normal", reason, message };
}

function warning(reason: string, message: string): EventNote {
  return { type: "Warning", reason, message };
}
