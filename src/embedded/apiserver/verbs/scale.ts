import { type LabelSelector, labelSelectorText } from "../../../api/label-selector.ts";
import type { Patch } from "../../../kube/client.ts";
import { timeText } from "../../../kube/time.ts";
import { type AnyObject, isRecord, recordAt, valueAt } from "../any-object.ts";
import type { Written } from "../commit.ts";
import type { ServerContext, Target, WriteOptions } from "../context.ts";
import { badRequest, groupVersionText, invalid } from "../failures.ts";
import { applyConfiguration } from "../managed-fields/track.ts";
import { applyPatch } from "../patch/apply-patch.ts";
import { changeObject } from "./update.ts";

/** What an empty selector reads as. */
const NO_SELECTOR = labelSelectorText(undefined);

/** The scale subresource: spec.replicas of a workload in the form of autoscaling/v1 Scale (spec E-213). */
export function scaleOf(object: AnyObject): AnyObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = labelSelectorText(valueAt(object, ["spec", "selector"]) as LabelSelector | undefined);
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp } as AnyObject["metadata"],
    spec: specOf(valueAt(object, ["spec", "replicas"])),
    status: {
      replicas: Number(valueAt(object, ["status", "replicas"]) ?? 0),
      ...(selector === NO_SELECTOR ? {} : { selector }),
    },
  };
}

/** A zero is left out, as Go does. */
function specOf(replicas: unknown): Record<string, unknown> {
  return replicas === 0 ? {} : { replicas: replicas ?? 1 };
}

/** PUT on /scale. */
export function updateScale(
  context: ServerContext,
  request: { readonly target: Target; readonly scale: AnyObject },
  options: WriteOptions,
): Promise<Written> {
  const { target, scale } = request;
  return changeObject(
    context,
    { target, subresource: "scale", change: (current) => withScale(current(), scale, target) },
    options,
  );
}

/** PATCH on /scale. */
export function patchScale(
  context: ServerContext,
  request: { readonly target: Target; readonly patch: Patch },
  options: WriteOptions,
): Promise<Written> {
  const { target, patch } = request;
  return changeObject(
    context,
    {
      target,
      subresource: "scale",
      change(copy) {
        const current = copy();
        const schema = { type: "any" } as const;
        const patched = applyPatch(schema, scaleOf(current), { patch, custom: target.resource.kind.custom });
        if (!isRecord(patched) || !isRecord(patched.metadata))
          throw badRequest("the patched Scale has no metadata: name must be provided");
        const replicas = valueAt(patched, ["spec", "replicas"]);
        if (replicas !== undefined && typeof replicas !== "number")
          throw unfitPatch(patched, typeof replicas);
        return withScale(current, patched as AnyObject, target);
      },
    },
    options,
  );
}

/** Server-side apply on /scale: the applied Scale owns spec.replicas of its parent. */
export function applyScale(
  context: ServerContext,
  request: { readonly target: Target; readonly configuration: unknown },
  options: WriteOptions,
): Promise<Written> {
  const { target, configuration } = request;
  const scale = isRecord(configuration) ? configuration : {};
  const { kind = "", apiVersion = "" } = scale;
  if (kind !== "Scale" || apiVersion !== "autoscaling/v1")
    throw badRequest(`invalid object type: ${groupVersionText(String(apiVersion))}, Kind=${kind}`);
  const replicas = valueAt(scale, ["spec", "replicas"]);
  const metadata = recordAt(scale, ["metadata"]) as AnyObject["metadata"];
  const applied = { metadata, ...(replicas === undefined ? {} : { spec: { replicas } }) };
  const time = timeText(context.clock.wall());
  const write = { resource: target.resource, subresource: "scale", manager: options.manager, time };
  const change = (current: () => AnyObject) => {
    const live = current();
    const next = applyConfiguration(write, { live, applied, force: options.force ?? false });
    const { managedFields = [] } = next.metadata;
    const owned = { ...live, metadata: { ...live.metadata, managedFields } };
    return withScale(owned, { metadata, spec: { replicas: valueAt(next, ["spec", "replicas"]) } }, target);
  };
  return changeObject(context, { target, subresource: "scale", isTracked: true, change }, options);
}

function unfitPatch(patched: unknown, type: string) {
  const problem = `json: cannot unmarshal ${type} into Go struct field ScaleSpec.spec.replicas of type int32`;
  const message = `Invalid value: ${JSON.stringify(JSON.stringify(patched))}: ${problem}`;
  return invalid({ kind: "", group: "" }, "", [{ reason: "FieldValueInvalid", message, field: "patch" }]);
}

function withScale(current: AnyObject, scale: AnyObject, target: Target): AnyObject {
  const { name } = scale.metadata;
  if (name !== undefined && name !== target.name)
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${target.name})`);
  const replicas = valueAt(scale, ["spec", "replicas"]) ?? 0;
  if (typeof replicas !== "number" || !Number.isInteger(replicas))
    throw badRequest(`Scale in version "v1" cannot be handled as a Scale: spec.replicas must be an integer`);
  if (replicas < 0) {
    const message = `Invalid value: ${replicas}: must be greater than or equal to 0`;
    throw invalid({ kind: "Scale", group: "autoscaling" }, target.name, [
      { reason: "FieldValueInvalid", message, field: "spec.replicas" },
    ]);
  }
  const resourceVersion = scale.metadata.resourceVersion ?? current.metadata.resourceVersion;
  const uid = scale.metadata.uid ?? current.metadata.uid;
  const metadata = { ...current.metadata, ...defined({ resourceVersion, uid }) };
  return { ...current, metadata, spec: { ...recordAt(current, ["spec"]), replicas } };
}

function defined<T extends Record<string, unknown>>(fields: T): { [K in keyof T]: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
