import type { Attributes } from "../base/metrics.ts";
import { CONFIGURATION, SERVICE } from "./labels.ts";
import type { ApiObject } from "./object.ts";

/** Where a revision comes from. */
export interface RevisionOrigin {
  readonly namespace: string;
  readonly name: string;
  /** Empty when there is none. */
  readonly service: string;
  readonly configuration: string;
}

/** A revision as metrics and traces name it (spec §2.8). */
export function revisionAttributes({ namespace, name, service, configuration }: RevisionOrigin): Attributes {
  return {
    "k8s.namespace.name": namespace,
    "kn.configuration.name": configuration,
    "kn.revision.name": name,
    "kn.service.name": service,
  };
}

/** Of a PodAutoscaler or another object that has its revision's name and labels. */
export function revisionAttributesOf({ metadata }: ApiObject): Attributes {
  const { namespace = "", name = "", labels = {} } = metadata;
  const { [SERVICE]: service = "", [CONFIGURATION]: configuration = "" } = labels;
  return revisionAttributes({ namespace, name, service, configuration });
}
