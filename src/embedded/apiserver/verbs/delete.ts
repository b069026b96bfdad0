import type { DeleteOptions } from "../../../kube/client.ts";
import { timeText } from "../../../kube/time.ts";
import { type AnyObject, valueAt } from "../any-object.ts";
import { refuseDefinition } from "../built-in/admit-built-in.ts";
import { commit, type Written } from "../commit.ts";
import { type ServerContext, storageKeyOf, type Target, type WriteOptions } from "../context.ts";
import { conflict, MODIFIED, notFound, preconditionFailed } from "../failures.ts";
import { admitThrough } from "../webhooks/admit.ts";

const ATTEMPTS = 16;
const FOREGROUND = "foregroundDeletion";
const ORPHAN = "orphan";

/** DELETE: removes the object, or marks it and leaves the rest to finalizers, node or collector (spec E-209). */
export async function deleteObject(
  context: ServerContext,
  request: { readonly target: Target; readonly how: DeleteOptions },
  options: WriteOptions,
): Promise<Written> {
  const { target, how } = request;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const entry = await context.storage.get(storageKeyOf(target));
    if (!entry) throw notFound(target.resource, target.name);
    const stored = JSON.parse(entry.json) as AnyObject;
    checkPreconditions(target, stored, how);
    if (!options.caller.inside) refuseDefinition(target.resource, target.name);
    const { caller, dryRun } = options;
    const request = {
      operation: "DELETE" as const,
      kind: target.resource.kind,
      subresource: "",
      object: stored,
      user: caller.name,
      dryRun,
    };
    await admitThrough(context, { request, target, caller });
    const next = afterDelete(target, stored, { how, nowMs: context.clock.wall() });
    if (next.type === "same") return { object: stored, revision: entry.revision, created: false };
    const draft = {
      target,
      expected: entry.revision,
      previous: entry.json,
      object: next.object,
      type: next.type,
    };
    const written = commit(context, draft, options);
    // What is gone is shown as it was last stored; only its DELETED event carries the new revision.
    if (!written) continue;
    const newest = SHOWN_AS_DELETED.has(target.resource.collection);
    if (!written.removed || newest) return { ...written, created: false };
    return { object: stored, revision: written.revision, created: false, removed: true };
  }
  throw conflict(target.resource, target.name, MODIFIED);
}

function checkPreconditions(target: Target, stored: AnyObject, how: DeleteOptions): void {
  const { uid, resourceVersion } = stored.metadata;
  if (how.uid !== undefined && how.uid !== uid)
    throw preconditionFailed(
      target.resource,
      target.name,
      `the UID in the precondition (${how.uid}) does not match the UID in record (${uid}). ` +
        "The object might have been deleted and then recreated",
    );
  if (how.resourceVersion !== undefined && how.resourceVersion !== resourceVersion)
    throw preconditionFailed(
      target.resource,
      target.name,
      `the ResourceVersion in the precondition (${how.resourceVersion}) does not match the ResourceVersion in record ` +
        `(${resourceVersion}). The object might have been modified`,
    );
}

type Outcome =
  | { readonly type: "same" }
  /** The object lives on with a deletionTimestamp, or goes; with the state that its last event shows. */
  | { readonly type: "put" | "delete"; readonly object: AnyObject };

/** What a DELETE makes of the stored object. */
function afterDelete(
  target: Target,
  stored: AnyObject,
  request: { readonly how: DeleteOptions; readonly nowMs: number },
): Outcome {
  const finalizers = finalizersAfter(stored.metadata.finalizers ?? [], request.how.propagationPolicy);
  const graceSeconds = graceOf(target, stored, request.how.gracePeriodSeconds);
  const held = finalizers.length > 0 || isHeldNamespace(target, stored);
  const marked = withMark(stored, { finalizers, graceSeconds, nowMs: request.nowMs });
  // A pod is marked before it goes, even when it goes at once.
  if (!held && graceSeconds === 0) return { type: "delete", object: isPod(target) ? marked : stored };
  if (target.resource.collection === "namespaces") {
    const status = { ...(stored.status as object), phase: "Terminating" };
    if (stored.metadata.deletionTimestamp) return { type: "same" };
    const { deletionGracePeriodSeconds: _, ...metadata } = marked.metadata;
    return { type: "put", object: { ...marked, metadata, status } };
  }
  const same =
    marked.metadata.deletionTimestamp === stored.metadata.deletionTimestamp &&
    marked.metadata.deletionGracePeriodSeconds === stored.metadata.deletionGracePeriodSeconds &&
    finalizers.join() === (stored.metadata.finalizers ?? []).join();
  return same ? { type: "same" } : { type: "put", object: marked };
}

function finalizersAfter(present: readonly string[], policy: DeleteOptions["propagationPolicy"]): string[] {
  if (policy === undefined) return [...present];
  const others = present.filter((finalizer) => finalizer !== FOREGROUND && finalizer !== ORPHAN);
  if (policy === "Foreground") return [...others, FOREGROUND];
  if (policy === "Orphan") return [...others, ORPHAN];
  return others;
}

/** What is gone is shown with the revision of its end. */
const SHOWN_AS_DELETED = new Set([
  "pods",
  "services",
  "serviceaccounts",
  "resourcequotas",
  "persistentvolumeclaims",
]);

function isPod(target: Target): boolean {
  return target.resource.collection === "pods";
}

const DEFAULT_POD_GRACE_SECONDS = 30;

/** Only pods end gracefully; one that no node has, or that has ended, goes at once. */
function graceOf(target: Target, stored: AnyObject, asked: number | undefined): number {
  if (!isPod(target)) return 0;
  const phase = valueAt(stored, ["status", "phase"]);
  if (!valueAt(stored, ["spec", "nodeName"]) || phase === "Succeeded" || phase === "Failed") return 0;
  const own = valueAt(stored, ["spec", "terminationGracePeriodSeconds"]);
  const wanted = asked ?? (typeof own === "number" ? own : DEFAULT_POD_GRACE_SECONDS);
  const grace = wanted < 0 ? 1 : wanted;
  const already = stored.metadata.deletionTimestamp ? stored.metadata.deletionGracePeriodSeconds : undefined;
  return already === undefined ? grace : Math.min(grace, already);
}

function isHeldNamespace(target: Target, stored: AnyObject): boolean {
  if (target.resource.collection !== "namespaces") return false;
  const held = valueAt(stored, ["spec", "finalizers"]);
  return Array.isArray(held) && held.length > 0;
}

function withMark(
  stored: AnyObject,
  mark: { readonly finalizers: readonly string[]; readonly graceSeconds: number; readonly nowMs: number },
): AnyObject {
  const { finalizers: _, ...metadata } = stored.metadata;
  const first = stored.metadata.deletionTimestamp === undefined;
  const shortened = (stored.metadata.deletionGracePeriodSeconds ?? 0) > mark.graceSeconds;
  const timed = first || shortened;
  const generation = first ? raised(stored.metadata.generation) : stored.metadata.generation;
  return {
    ...stored,
    metadata: {
      ...metadata,
      ...(mark.finalizers.length > 0 ? { finalizers: [...mark.finalizers] } : {}),
      ...(generation === undefined ? {} : { generation }),
      ...(timed
        ? {
            deletionTimestamp: timeText(mark.nowMs + mark.graceSeconds * 1000),
            deletionGracePeriodSeconds: mark.graceSeconds,
          }
        : {}),
    },
  };
}

function raised(generation: number | undefined): number | undefined {
  return generation ? generation + 1 : generation;
}
