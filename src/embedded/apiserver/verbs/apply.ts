import { apiVersionOf } from "../../../api/kind.ts";
import { timeText } from "../../../kube/time.ts";
import { type AnyObject, isRecord } from "../any-object.ts";
import { dropNulls } from "../built-in/admit-built-in.ts";
import type { Written } from "../commit.ts";
import {
  type ServerContext,
  type Subresource,
  storageKeyOf,
  type Target,
  type WriteOptions,
} from "../context.ts";
import { badRequest, conflict, groupVersionText, notFound } from "../failures.ts";
import { applyConfiguration, type Write } from "../managed-fields/track.ts";
import { createObject } from "./create.ts";
import { changeObject } from "./update.ts";

export interface ApplyRequest {
  readonly target: Target;
  readonly subresource: Subresource;
  /** What the client wants to own, decoded. */
  readonly configuration: unknown;
}

/** PATCH with `application/apply-patch+yaml`: server-side apply; makes the object where there is none (spec E-204). */
export function applyObject(
  context: ServerContext,
  request: ApplyRequest,
  options: WriteOptions,
): Promise<Written> {
  const { target, subresource } = request;
  const applied = appliedObject(request);
  const write: Write = {
    resource: target.resource,
    subresource,
    manager: options.manager,
    time: timeText(context.clock.wall()),
  };
  const force = options.force ?? false;
  if (context.storage.revisionOf(storageKeyOf(target)) === 0) {
    if (subresource !== "") throw notFound(target.resource, target.name);
    const object = withoutNulls(target, applyConfiguration(write, { live: undefined, applied, force }));
    checkAbsent(target, object);
    const { resource, namespace } = target;
    return createObject(context, { resource, namespace, object, isTracked: true }, options);
  }
  return changeObject(
    context,
    {
      target,
      subresource,
      isTracked: true,
      change: (current) =>
        withoutNulls(target, applyConfiguration(write, { live: current(), applied, force })),
    },
    options,
  );
}

function appliedObject({ target, configuration }: ApplyRequest): AnyObject {
  if (!isRecord(configuration))
    throw badRequest("error decoding YAML: the body of an apply patch must be an object");
  const { kind = "", apiVersion = "", metadata = {} } = configuration;
  const { resource } = target;
  if (kind !== resource.kind.kind || apiVersion !== apiVersionOf(resource))
    throw badRequest(`invalid object type: ${groupVersionText(String(apiVersion))}, Kind=${kind}`);
  return { ...configuration, metadata: isRecord(metadata) ? metadata : {} } as AnyObject;
}

/** An object that is to be made must have its own name, and cannot be a certain one that is gone. */
function checkAbsent({ resource, name }: Target, object: AnyObject): void {
  const { name: given, uid } = object.metadata;
  if (given === undefined || given === "")
    throw badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    );
  if (given !== name)
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
  if (uid === undefined) return;
  const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
  throw conflict(resource, name, why);
}

/** What apply emptied is gone, not null. */
function withoutNulls(target: Target, object: AnyObject): AnyObject {
  dropNulls(object, target.resource.kind.schema);
  return object;
}
