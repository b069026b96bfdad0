import { collectionOf } from "../../api/kind.ts";
import { type ApiError, failure, type StatusDetails } from "../../api/status.ts";
import type { Resource } from "./resources.ts";

/** The failures of the API in Kubernetes' words (spec E-199). */

export interface Cause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/** Where Kubernetes keeps its types; clients see it in messages. */
export const SCHEME = 'in scheme "pkg/runtime/scheme.go:110"';

function detailsOf(resource: Resource, name: string): StatusDetails {
  return { name, ...(resource.group === "" ? {} : { group: resource.group }), kind: resource.plural };
}

export function notFound(resource: Resource, name: string): ApiError {
  return failure(404, "NotFound", {
    message: `${collectionOf(resource)} "${name}" not found`,
    details: detailsOf(resource, name),
  });
}

export function alreadyExists(resource: Resource, name: string): ApiError {
  const message = `${collectionOf(resource)} "${name}" already exists`;
  return failure(409, "AlreadyExists", { message: message, details: detailsOf(resource, name) });
}

export function conflict(resource: Resource, name: string, why: string): ApiError {
  const message = `Operation cannot be fulfilled on ${collectionOf(resource)} "${name}": ${why}`;
  return failure(409, "Conflict", { message: message, details: detailsOf(resource, name) });
}

export const MODIFIED =
  "the object has been modified; please apply your changes to the latest version and try again";

/** Deletion preconditions name the kind, not the resource, in real answers. */
export function preconditionFailed(resource: Resource, name: string, why: string): ApiError {
  const kind = resource.kind.kind;
  const group = resource.group === "" ? {} : { group: resource.group };
  const qualifiedKind = resource.group === "" ? kind : `${kind}.${resource.group}`;
  const message = `Operation cannot be fulfilled on ${qualifiedKind} "${name}": ${why}`;
  return failure(409, "Conflict", { message: message, details: { name, ...group, kind } });
}

export function badRequest(message: string): ApiError {
  return failure(400, "BadRequest", message);
}

export function forbidden(resource: Resource, name: string, why: string): ApiError {
  return failure(403, "Forbidden", {
    message: `${collectionOf(resource)} "${name}" is forbidden: ${why}`,
    details: detailsOf(resource, name),
  });
}

/** `kind` and `group` name what is invalid; each cause is one field's error. */
export function invalid(
  what: { readonly kind: string; readonly group: string },
  name: string,
  causes: readonly Cause[],
): ApiError {
  const texts = causes.map((cause) =>
    cause.field ? `${cause.field}: ${cause.message}` : (cause.message ?? ""),
  );
  const distinct = [...new Set(texts)];
  const errors = distinct.length === 1 ? distinct[0] : `[${distinct.join(", ")}]`;
  const kind = what.group === "" ? what.kind : `${what.kind}.${what.group}`;
  const group = what.group === "" ? {} : { group: what.group };
  return failure(422, "Invalid", {
    message: `${kind} "${name}" is invalid: ${errors}`,
    details: {
      ...(name === "" ? {} : { name }),
      ...group,
      ...(what.kind === "" ? {} : { kind: what.kind }),
      causes: [...causes],
    },
  });
}

export function invalidObject(resource: Resource, name: string, causes: readonly Cause[]): ApiError {
  return invalid({ kind: resource.kind.kind, group: resource.group }, name, causes);
}

/** `/v1`, `apps/v1` or `/`: the core group has no name. */
export function groupVersionText(apiVersion: string): string {
  return apiVersion.includes("/") ? apiVersion : `/${apiVersion}`;
}

export function methodNotAllowed(): ApiError {
  const message = "the server does not allow this method on the requested resource";
  return failure(405, "MethodNotAllowed", { message: message, details: {} });
}

export function unknownResource(): ApiError {
  return failure(404, "NotFound", {
    message: "the server could not find the requested resource",
    details: {},
  });
}

export function tooOld(asked: string | number, now: string | number): ApiError {
  return failure(410, "Expired", `too old resource version: ${asked} (${now})`);
}

export function unsupportedMediaType(allowed: readonly string[]): ApiError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${allowed.join(", ")}`;
  return failure(415, "UnsupportedMediaType", message);
}
