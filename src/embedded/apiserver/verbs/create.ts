import { failure } from "../../../api/status.ts";
import { copyJson } from "../../../base/json.ts";
import { timeText } from "../../../kube/time.ts";
import { refuseEscalation } from "../access/escalation.ts";
import { admissionContext } from "../admission-context.ts";
import { type AnyObject, isRecord } from "../any-object.ts";
import { admitBuiltIn } from "../built-in/admit-built-in.ts";
import { admitQuota } from "../built-in/quota.ts";
import { admitServiceAccount } from "../built-in/service-account-of-pod.ts";
import { DRY_RUN_ALLOCATOR } from "../built-in/service-defaults.ts";
import { commit, type Written } from "../commit.ts";
import type { ServerContext, Target, WriteOptions } from "../context.ts";
import { alreadyExists, badRequest, forbidden, notFound } from "../failures.ts";
import { managedAfterUpdate, setManaged } from "../managed-fields/track.ts";
import { checkMetadata, finalizerWarnings, nameFor, nameWarnings } from "../metadata-checks.ts";
import { countsGeneration, withFirstStatus, withoutEmpty } from "../object-rules.ts";
import type { Resource } from "../resources.ts";
import { checkUnknownFields } from "../unknown-fields.ts";
import { admitThrough } from "../webhooks/admit.ts";
import { rightKind } from "../wrong-kind.ts";

/** How often a generated name is tried anew when it is taken. */
const GENERATE_ATTEMPTS = 8;
/** On a busy server the count of a quota may be old by the end of this many looks; then it is taken as it is. */
const QUOTA_LOOKS = 20;

export interface CreateRequest {
  readonly resource: Resource;
  readonly namespace: string;
  readonly object: AnyObject;
  /** Fields that the body gave twice, for field validation. */
  readonly duplicates?: readonly string[];
  /** The object's managedFields say already who made it. */
  readonly isTracked?: boolean;
}

/** POST: makes the object or says why not. */
export async function createObject(
  context: ServerContext,
  request: CreateRequest,
  options: WriteOptions,
): Promise<Written> {
  const { resource, namespace } = request;
  checkUnknownFields(context, { ...request, operation: "create" }, options);
  checkNamespace(context, resource, { namespace, name: request.object.metadata.name ?? "" });
  const generated = !request.object.metadata.name && !!request.object.metadata.generateName;
  for (let attempt = 1; ; attempt++) {
    const object = firstState(context, request);
    checkMetadata(resource, object);
    if (attempt === 1) {
      options.warnings.push(...nameWarnings(resource, object.metadata.name ?? ""));
      options.warnings.push(...finalizerWarnings(resource, object));
    }
    const target: Target = { resource, namespace, name: object.metadata.name ?? "" };
    const { inside } = options.caller;
    const requested = request.isTracked || inside ? undefined : copyJson(request.object);
    await refuseEscalation(context.authorizer, { target, object, caller: options.caller });
    await admitServiceAccount(context, { ...request, object, inside });
    const allocator = options.dryRun ? DRY_RUN_ALLOCATOR : context.allocator;
    const again = (one: AnyObject) =>
      admitBuiltIn(resource, one, { before: undefined, allocator, inside, warnings: options.warnings });
    again(object);
    if (requested) trackNew(context, { target, object, requested }, options);
    const checkKind = rightKind(resource, object);
    const admission = {
      operation: "CREATE" as const,
      kind: resource.kind,
      subresource: "",
      object,
      ...admissionContext(context, namespace, options),
    };
    const { caller } = options;
    const admitted = await admitThrough(context, { request: admission, target, caller, again });
    for (let look = 1; !(await admitQuota(context, target, admitted.object))() && look < QUOTA_LOOKS; look++);
    checkKind(admitted.object);
    options.warnings.push(...admitted.warnings);
    const exists = context.storage.revisionOf({ collection: resource.collection, ...target }) !== 0;
    const draft = { target, expected: 0, object: admitted.object, type: "put" as const };
    const written = exists ? undefined : commit(context, draft, options);
    if (written) return written;
    if (!generated || attempt === GENERATE_ATTEMPTS) throw alreadyExists(resource, target.name);
  }
}

/**
 * Objects that the engine's own components make are not tracked: their makers are the only ones who write them
 * (docs/adr/0010).
 */
function trackNew(
  context: ServerContext,
  made: { readonly target: Target; readonly object: AnyObject; readonly requested: AnyObject },
  options: WriteOptions,
): void {
  const { target, object, requested } = made;
  const time = timeText(context.clock.wall());
  const write = { resource: target.resource, subresource: "", manager: options.manager, time };
  setManaged(object, managedAfterUpdate(write, { after: object, requested }));
}

/** A namespaced object needs a namespace that exists and is not on its way out (spec E-187). */
function checkNamespace(
  context: ServerContext,
  resource: Resource,
  where: { readonly namespace: string; readonly name: string },
): void {
  if (!resource.kind.namespaced) return;
  const { namespace, name } = where;
  const phase = context.namespaces.phaseOf(namespace);
  if (phase === "Active") return;
  const namespaces = context.resources.ofKind({ group: "", plural: "namespaces" });
  if (phase === undefined) {
    if (namespaces) throw notFound(namespaces, namespace);
    throw failure(404, "NotFound", `namespaces "${namespace}" not found`);
  }
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const refusal = forbidden(resource, name, why);
  const message = `namespace ${namespace} is being terminated`;
  const causes = [{ reason: "NamespaceTerminating", message, field: "metadata.namespace" }];
  throw failure(403, "Forbidden", {
    message: refusal.message,
    details: { ...refusal.status.details, causes },
  });
}

function firstState(context: ServerContext, request: CreateRequest): AnyObject {
  const { resource, namespace, object } = request;
  const given = object.metadata.namespace;
  if (resource.kind.namespaced && given && given !== namespace)
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  if (object.metadata.resourceVersion)
    throw failure(500, "", "resourceVersion should not be set on objects to be created");
  const { selfLink: _, deletionTimestamp: __, deletionGracePeriodSeconds: ___, ...given_ } = object.metadata;
  const name = nameFor(object, context.random);
  const metadata = withoutEmpty({
    ...given_,
    ...(name === undefined ? {} : { name }),
    ...(resource.kind.namespaced ? { namespace } : {}),
    uid: context.random.uuid(),
    creationTimestamp: timeText(context.clock.wall()),
  });
  if (!resource.kind.namespaced) delete metadata.namespace;
  if (countsGeneration(resource)) metadata.generation = 1;
  else delete metadata.generation;
  const first = withFirstStatus(resource.kind, { ...object, metadata });
  return resource.collection === "namespaces" ? asNewNamespace(first) : first;
}

/** A namespace is held by its own finalizer until its content is gone, and carries its name as a label. */
function asNewNamespace(object: AnyObject): AnyObject {
  const name = object.metadata.name ?? "";
  const labels = { ...object.metadata.labels, ...(name ? { "kubernetes.io/metadata.name": name } : {}) };
  const spec = isRecord(object.spec) ? object.spec : {};
  return {
    ...object,
    metadata: { ...object.metadata, labels },
    spec: { ...spec, finalizers: ["kubernetes"] },
  };
}
