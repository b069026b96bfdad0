import { type Image, ImageKind } from "../../../api/image/kind.ts";
import { AUTOSCALING_CLASS, AUTOSCALING_METRIC, AUTOSCALING_PREFIX } from "../../../api/labels.ts";
import { deploymentName, imageCacheName } from "../../../api/names.ts";
import type { Stored } from "../../../api/object.ts";
import type { PodAutoscaler } from "../../../api/pod-autoscaler/kind.ts";
import type { Revision } from "../../../api/revision/kind.ts";
import { type Child, child } from "../../../kube/controller.ts";
import { createOnly } from "../../../kube/owned-children.ts";
import type { Digests } from "./deployment.ts";
import { autoscalerAnnotations, childLabels, podAnnotations } from "./metadata.ts";
import { servingOf } from "./serving.ts";

export type Reachability = "" | "Reachable" | "Unreachable";

/** The PodAutoscaler of a Revision (spec C-027). */
export function podAutoscalerOf(revision: Stored<Revision>, reachability: Reachability): PodAutoscaler {
  const { containerConcurrency } = revision.spec;
  return {
    metadata: {
      name: revision.metadata.name,
      namespace: revision.metadata.namespace ?? "",
      labels: childLabels(revision),
      annotations: autoscalerAnnotations(revision),
    },
    spec: {
      ...(containerConcurrency ? { containerConcurrency } : {}),
      scaleTargetRef: {
        apiVersion: "apps/v1",
        kind: "Deployment",
        name: deploymentName(revision.metadata.name),
      },
      protocolType: servingOf(revision.spec).protocol,
      ...(reachability === "" ? {} : { reachability }),
    },
  };
}

const DEFAULTED = [AUTOSCALING_CLASS, AUTOSCALING_METRIC];

/**
 * The spec and the Revision's annotations are put back at each turn; autoscaling annotations that the Revision has no
 * more go, except those that defaulting may have made: that is how a Revision's min-scale can be patched (spec C-029).
 */
export function revisePodAutoscaler(existing: Stored<PodAutoscaler>, wanted: PodAutoscaler): PodAutoscaler {
  const annotations: Record<string, string> = { ...wanted.metadata.annotations };
  for (const [key, value] of Object.entries(existing.metadata.annotations ?? {})) {
    const vanished = key.startsWith(AUTOSCALING_PREFIX) && !DEFAULTED.includes(key);
    if (!(key in annotations) && !vanished) annotations[key] = value;
  }
  return { ...existing, metadata: { ...existing.metadata, annotations }, spec: wanted.spec };
}

/** One Image per container, so that nodes can fetch ahead (spec C-021). */
export function imagesOf(revision: Stored<Revision>, digests: Digests): Child[] {
  const { containers, initContainers = [], serviceAccountName, imagePullSecrets } = revision.spec;
  return [...containers, ...initContainers].map(({ name }) => {
    const object: Image = {
      metadata: {
        name: imageCacheName(revision.metadata.name, name),
        namespace: revision.metadata.namespace ?? "",
        labels: childLabels(revision),
        annotations: podAnnotations(revision),
      },
      spec: {
        image: digests[name] ?? "",
        ...(serviceAccountName === undefined ? {} : { serviceAccountName }),
        ...(imagePullSecrets === undefined ? {} : { imagePullSecrets }),
      },
    };
    return child({ kind: ImageKind, object, revise: createOnly });
  });
}
