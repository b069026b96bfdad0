import { failure } from "../../../api/status.ts";
import { timeText } from "../../../kube/time.ts";
import { refuseEscalation } from "../access/escalation.ts";
import { admissionContext } from "../admission-context.ts";
import { type AnyObject, isRecord, sameJson, valueAt } from "../any-object.ts";
import { admitBuiltIn, admitBuiltInStatus } from "../built-in/admit-built-in.ts";
import { DRY_RUN_ALLOCATOR } from "../built-in/service-defaults.ts";
import { commit, type Written } from "../commit.ts";
import {
  type ServerContext,
  type Subresource,
  storageKeyOf,
  type Target,
  type WriteOptions,
} from "../context.ts";
import { badRequest, type Cause, conflict, invalid, invalidObject, MODIFIED, notFound } from "../failures.ts";
import { keepTimes, managedAfterUpdate, setManaged } from "../managed-fields/track.ts";
import { checkOtherMetadata } from "../metadata-checks.ts";
import { keepSystemFields, raisesGeneration } from "../object-rules.ts";
import type { Resource } from "../resources.ts";
import { checkWriters } from "../status-writers.ts";
import { checkUnknownFields } from "../unknown-fields.ts";
import { admitThrough } from "../webhooks/admit.ts";
import { rightKind } from "../wrong-kind.ts";

/** How often a change that named no resourceVersion is made anew when another writer was faster. */
const ATTEMPTS = 16;

export interface ChangeRequest {
  readonly target: Target;
  readonly subresource: Subresource;
  /** The change is a patch: some failures have other words. */
  readonly patches?: boolean;
  /** The wanted object's managedFields say already who wrote it. */
  readonly isTracked?: boolean;
  /** The wanted object; `current` gives a copy of the stored one, which may be changed in place. */
  readonly change: (current: () => AnyObject) => AnyObject;
}

/** The common way of PUT, PATCH and the subresources: read, change, check, store; once more when it moved on. */
export async function changeObject(
  context: ServerContext,
  request: ChangeRequest,
  options: WriteOptions,
): Promise<Written> {
  const { target } = request;
  const warningCount = options.warnings.length;
  for (let attempt = 1; ; attempt++) {
    const entry = await context.storage.get(storageKeyOf(target));
    if (!entry) throw notFound(target.resource, target.name);
    options.warnings.length = warningCount;
    const stored = JSON.parse(entry.json) as AnyObject;
    const wanted = request.change(() => JSON.parse(entry.json) as AnyObject);
    checkPreconditions(request, stored, wanted);
    const next = await admitted(context, { ...request, stored, wanted }, options);
    const removed = removedByUpdate(target, stored, next);
    if (!removed && sameJson(stored, next))
      return { object: stored, text: entry.json, revision: entry.revision, created: false };
    // What goes with its last finalizer is shown to watchers as it was stored, to the caller as it asked.
    const object = removed ? stored : next;
    const draft = { target, expected: entry.revision, object, previous: entry.json };
    const written = commit(context, { ...draft, type: removed ? "delete" : "put" }, options);
    if (written && removed) return { revision: written.revision, created: false, removed, object: next };
    if (written) return { ...written, created: false };
    if (attempt === ATTEMPTS) throw conflict(target.resource, target.name, MODIFIED);
  }
}

/** resourceVersion and uid, where the wanted object names them, must be the stored ones (spec E-200). */
function checkPreconditions(request: ChangeRequest, stored: AnyObject, wanted: AnyObject): void {
  const { resource, name } = request.target;
  const { resourceVersion, uid } = wanted.metadata;
  if (uid && uid !== stored.metadata.uid) {
    if (request.patches) throw invalidObject(resource, name, uidCauses(resource, uid));
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${stored.metadata.uid}`;
    throw conflict(
      resource,
      name,
      `StorageError: invalid object, Code: 4, Key: ${registryKey(request.target)}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`,
    );
  }
  if (!resourceVersion || resourceVersion === stored.metadata.resourceVersion) return;
  if (!/^\d+$/.test(resourceVersion))
    throw failure(500, "", `strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`);
  throw conflict(resource, name, MODIFIED);
}

const CHECKED_ONCE = new Set(["endpointslices.discovery.k8s.io", "poddisruptionbudgets.policy"]);

function uidCauses({ collection }: Target["resource"], uid: string): Cause[] {
  const message = `Invalid value: ${JSON.stringify(uid)}: field is immutable`;
  const cause = { reason: "FieldValueInvalid", message, field: "metadata.uid" };
  return CHECKED_ONCE.has(collection) ? [cause] : twice(cause);
}

/** Kubernetes checks metadata once for all kinds and once for the kind: clients see both. */
function twice(cause: Cause): Cause[] {
  return [cause, cause];
}

/** Where a cluster keeps the object; clients see it in one message only. */
function registryKey({ resource, namespace, name }: Target): string {
  const path = REGISTRY_PATHS[resource.collection] ?? resource.plural;
  const group = resource.kind.custom ? `${resource.group}/` : "";
  return `/registry/${group}${path}/${namespace === "" ? "" : `${namespace}/`}${name}`;
}

const REGISTRY_PATHS: Readonly<Record<string, string>> = {
  services: "services/specs",
  endpoints: "services/endpoints",
};

interface Step extends Omit<ChangeRequest, "change"> {
  readonly stored: AnyObject;
  readonly wanted: AnyObject;
}

async function admitted(context: ServerContext, step: Step, options: WriteOptions): Promise<AnyObject> {
  const { target, subresource, stored } = step;
  checkIdentity(step);
  const object = merged(step);
  checkOtherMetadata(target.resource, object);
  await refuseEscalation(context.authorizer, { target, object, caller: options.caller });
  let again: (one: AnyObject) => void = () => {};
  if (subresource === "status") admitBuiltInStatus(target.resource, object);
  else if (subresource !== "finalize") {
    const inside = options.caller.inside || subresource === "binding";
    const allocator = options.dryRun ? DRY_RUN_ALLOCATOR : context.allocator;
    again = (one) =>
      admitBuiltIn(target.resource, one, { before: stored, allocator, inside, warnings: options.warnings });
    again(object);
  }
  if (!step.isTracked) track(context, { ...step, object }, options);
  const checkKind = rightKind(target.resource, object);
  const request = {
    operation: "UPDATE" as const,
    kind: target.resource.kind,
    subresource: subresource === "scale" ? "" : subresource,
    object,
    oldObject: stored,
    ...admissionContext(context, target.namespace, options),
  };
  const { caller } = options;
  const answer = await admitThrough(context, { request, target, caller, again });
  checkKind(answer.object);
  options.warnings.push(...answer.warnings);
  const next = answer.object;
  keepTimes(stored, next);
  if (subresource === "status")
    checkWriters(context.writers, options.caller.name, { before: stored, after: next });
  else if (raisesGeneration(target.resource, stored, next))
    next.metadata.generation = (stored.metadata.generation ?? 0) + 1;
  return { ...next, kind: stored.kind, apiVersion: stored.apiVersion } as AnyObject;
}

/**
 * The engine's own components leave no trace in a status, which they write all the time; what else they change of an
 * object that somebody else made is theirs from then on (docs/adr/0010).
 */
function track(
  context: ServerContext,
  { target, subresource, stored, object }: Step & { readonly object: AnyObject },
  options: WriteOptions,
): void {
  if (subresource === "binding" || (options.caller.inside && subresource === "status")) {
    setManaged(object, stored.metadata.managedFields);
    return;
  }
  const time = timeText(context.clock.wall());
  const write = { resource: target.resource, subresource, manager: options.manager, time };
  setManaged(object, managedAfterUpdate(write, { before: stored, after: object }));
}

/** What the body names must be what the path names. */
function checkNames(target: Target, { metadata }: AnyObject): void {
  const { name, namespace } = metadata;
  if (name !== undefined && name !== target.name)
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${target.name})`);
  if (target.resource.kind.namespaced && namespace && namespace !== target.namespace)
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
}

function checkIdentity({ target, stored, wanted }: Step): void {
  checkNames(target, wanted);
  if (!stored.metadata.deletionTimestamp) return;
  const before = stored.metadata.finalizers ?? [];
  const added = (wanted.metadata.finalizers ?? []).filter((finalizer) => !before.includes(finalizer));
  if (added.length === 0) return;
  const list = `[]string{${added.map((finalizer) => JSON.stringify(finalizer)).join(", ")}}`;
  const message = `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ${list}`;
  const cause = { reason: "FieldValueForbidden", message, field: "metadata.finalizers" };
  throw invalidObject(target.resource, target.name, target.resource.kind.custom ? [cause] : twice(cause));
}

/** The main resource leaves status alone, /status leaves everything else alone (spec E-202). */
function merged({ target, subresource, stored, wanted }: Step): AnyObject {
  const { kind } = target.resource;
  if (subresource === "status") {
    const taken = { ...stored.metadata, ...statusMetadata(target, wanted) } as AnyObject["metadata"];
    const metadata = keepSystemFields(taken, stored.metadata);
    const { status: _, ...rest } = stored;
    return wanted.status === undefined ? { ...rest, metadata } : { ...rest, metadata, status: wanted.status };
  }
  const names = { name: target.name, ...(kind.namespaced ? { namespace: target.namespace } : {}) };
  const metadata = keepSystemFields({ ...wanted.metadata, ...names }, stored.metadata);
  if (!kind.statusSubresource) return { ...wanted, metadata };
  if (subresource === "binding") return { ...wanted, metadata };
  const { status: _, ...rest } = wanted;
  return stored.status === undefined ? { ...rest, metadata } : { ...rest, metadata, status: stored.status };
}

/** What of metadata a /status write may change: nothing for custom resources, little for built-in kinds. */
function statusMetadata({ resource }: Target, wanted: AnyObject): object {
  if (resource.kind.custom) return {};
  const { labels, annotations } = wanted.metadata;
  return resource.collection === "deployments.apps" ? { annotations } : { labels, annotations };
}

/** An object on its way out goes with its last finalizer; a pod waits for its node, a namespace for its content. */
function removedByUpdate(target: Target, stored: AnyObject, next: AnyObject): boolean {
  if (!stored.metadata.deletionTimestamp) return false;
  if ((next.metadata.finalizers ?? []).length > 0) return false;
  if ((stored.metadata.deletionGracePeriodSeconds ?? 0) > 0) return false;
  if (target.resource.collection !== "namespaces") return true;
  const held = valueAt(next, ["spec", "finalizers"]);
  return !Array.isArray(held) || held.length === 0;
}

export interface UpdateRequest {
  readonly target: Target;
  readonly object: AnyObject;
  /** Fields that the body gave twice, for field validation. */
  readonly duplicates?: readonly string[];
}

/** PUT on the main resource. */
export function updateObject(
  context: ServerContext,
  request: UpdateRequest,
  options: WriteOptions,
): Promise<Written> {
  const { target, object } = request;
  checkUnknownFields(context, { ...request, resource: target.resource, operation: "update" }, options);
  requireVersion(context, target, object);
  return changeObject(
    context,
    {
      target,
      subresource: "",
      change(current) {
        const wanted = { ...object, metadata: { ...object.metadata } };
        // The engine's namespace controller has no finalize call: it takes the finalizer off here.
        if (options.caller.inside || target.resource.collection !== "namespaces") return wanted;
        return withNamespaceFinalizers(wanted, current());
      },
    },
    options,
  );
}

const NEVER_BLIND = new Set(["leases.coordination.k8s.io", "poddisruptionbudgets.policy"]);

function needsVersion({ kind, collection }: Resource): boolean {
  return kind.custom || NEVER_BLIND.has(collection);
}

/** A custom resource is never replaced blindly (spec E-200). */
export function requireVersion(context: ServerContext, target: Target, object: AnyObject): void {
  const exists = context.storage.revisionOf(storageKeyOf(target)) !== 0;
  if (exists) checkNames(target, object);
  const { resourceVersion, uid } = object.metadata;
  if (!needsVersion(target.resource) || !exists || resourceVersion || uid) return;
  const message = "Invalid value: 0: must be specified for an update";
  const causes = [{ reason: "FieldValueInvalid", message, field: "metadata.resourceVersion" }];
  throw invalid({ kind: target.resource.plural, group: target.resource.group }, target.name, causes);
}

/** A namespace's finalizers change through its finalize subresource alone. */
function withNamespaceFinalizers(wanted: AnyObject, current: AnyObject): AnyObject {
  const spec = isRecord(wanted.spec) ? wanted.spec : {};
  return { ...wanted, spec: { ...spec, finalizers: valueAt(current, ["spec", "finalizers"]) } };
}
