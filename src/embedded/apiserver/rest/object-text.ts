import { apiVersionOf } from "../../../api/kind.ts";
import type { AnyObject } from "../any-object.ts";
import type { Resource } from "../resources.ts";

/**
 * Stored texts begin with kind and apiVersion, so that an answer in another version and the items of a list are made
 * without parsing: an object's text goes from disk to socket as it is.
 */
function prefixOf(resource: Resource): string {
  const kind = JSON.stringify(resource.kind.kind);
  return `{"kind":${kind},"apiVersion":${JSON.stringify(apiVersionOf(resource.kind))},`;
}

/** The text in the version that the path names. */
export function textInVersion(resource: Resource, text: string): string {
  if (resource.view) return objectText(resource, resource.view.show(JSON.parse(text)) as AnyObject);
  if (resource.version === resource.kind.version) return text;
  const kind = JSON.stringify(resource.kind.kind);
  const apiVersion = JSON.stringify(apiVersionOf(resource));
  return `{"kind":${kind},"apiVersion":${apiVersion},${text.slice(prefixOf(resource).length)}`;
}

/** Built-in kinds' list items carry no type, custom resources' do. */
export function itemText(resource: Resource, text: string): string {
  if (resource.view) {
    const { kind: _, apiVersion: __, ...rest } = resource.view.show(JSON.parse(text));
    return JSON.stringify(rest);
  }
  if (resource.kind.custom) return textInVersion(resource, text);
  return `{${text.slice(prefixOf(resource).length)}`;
}

export function objectText(resource: Resource, object: AnyObject): string {
  const { kind: _, apiVersion: __, ...rest } = object;
  return JSON.stringify({ kind: resource.kind.kind, apiVersion: apiVersionOf(resource), ...rest });
}
