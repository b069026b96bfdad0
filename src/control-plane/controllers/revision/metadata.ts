import {
  AUTOSCALING_PREFIX,
  LAST_PINNED,
  REVISION,
  REVISION_UID,
  ROUTES,
  ROUTING_STATE,
  ROUTING_STATE_MODIFIED,
  without,
} from "../../../api/labels.ts";
import type { Stored } from "../../../api/object.ts";
import type { Revision } from "../../../api/revision/kind.ts";

/** Labels of everything made from a Revision (spec A-080). What the labeler changes is left out: it would roll pods. */
export function childLabels({ metadata }: Stored<Revision>): Record<string, string> {
  return {
    app: metadata.name,
    ...without(metadata.labels, [ROUTING_STATE]),
    [REVISION]: metadata.name,
    [REVISION_UID]: metadata.uid,
  };
}

export function autoscalerAnnotations({ metadata }: Stored<Revision>): Record<string, string> {
  return without(metadata.annotations, [ROUTES, ROUTING_STATE_MODIFIED, LAST_PINNED]);
}

/** Changes of scale must not change pods, so what is meant for the autoscaler is left out. */
export function podAnnotations(revision: Stored<Revision>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(autoscalerAnnotations(revision)).filter(([key]) => !key.startsWith(AUTOSCALING_PREFIX)),
  );
}

/** How pods of a Revision are found. */
export function podSelector(revision: Stored<Revision>): Record<string, string> {
  return { [REVISION_UID]: revision.metadata.uid };
}
