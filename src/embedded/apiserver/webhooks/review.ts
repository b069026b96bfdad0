import { apiVersionOf } from "../../../api/kind.ts";
import type { Admitting } from "./admitting.ts";

/** The AdmissionReview (admission.k8s.io/v1) that a webhook is sent. */
export function reviewOf({ request, target, caller }: Admitting, uid: string): object {
  const { resource, namespace, name } = target;
  const { operation, subresource, object, oldObject, dryRun } = request;
  const { group, version, plural } = resource;
  const kind = { group, version, kind: resource.kind.kind };
  const place = { group, version, resource: plural };
  const typed = (one: object | undefined) =>
    one === undefined ? null : { kind: resource.kind.kind, apiVersion: apiVersionOf(resource), ...one };
  const old = operation === "DELETE" ? object : oldObject;
  return {
    kind: "AdmissionReview",
    apiVersion: "admission.k8s.io/v1",
    request: {
      uid,
      kind,
      resource: place,
      ...(subresource === "" ? {} : { subResource: subresource, requestSubResource: subresource }),
      requestKind: kind,
      requestResource: place,
      ...(name === "" ? {} : { name }),
      ...(namespace === "" ? {} : { namespace }),
      operation,
      userInfo: {
        username: caller.name,
        ...(caller.uid === undefined ? {} : { uid: caller.uid }),
        groups: [...caller.groups],
        ...(caller.extra === undefined ? {} : { extra: caller.extra }),
      },
      object: operation === "DELETE" ? null : typed(object),
      oldObject: typed(old),
      dryRun,
      options: { kind: OPTIONS[operation], apiVersion: "meta.k8s.io/v1" },
    },
  };
}

const OPTIONS = { CREATE: "CreateOptions", UPDATE: "UpdateOptions", DELETE: "DeleteOptions" } as const;
