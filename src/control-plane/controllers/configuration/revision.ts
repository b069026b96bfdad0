import type { Configuration } from "../../../api/configuration/kind.ts";
import {
  CONFIGURATION,
  CONFIGURATION_GENERATION,
  CONFIGURATION_UID,
  CREATOR,
  LAST_MODIFIER,
  ROUTES,
  ROUTING_STATE,
  ROUTING_STATE_MODIFIED,
  SERVICE,
  SERVICE_UID,
} from "../../../api/labels.ts";
import { revisionName } from "../../../api/names.ts";
import type { Stored } from "../../../api/object.ts";
import type { Revision } from "../../../api/revision/kind.ts";
import { timeText } from "../../../kube/time.ts";

/** The Revision of a Configuration's present generation (spec C-014). */
export function revisionOf(configuration: Stored<Configuration>, nowMs: number): Revision {
  const { template } = configuration.spec;
  const { metadata } = configuration;
  const generation = metadata.generation ?? 0;
  const routes = metadata.annotations?.[ROUTES];
  const creator = metadata.annotations?.[LAST_MODIFIER];
  return {
    metadata: {
      name: template.metadata?.name || revisionName(metadata.name, generation),
      namespace: metadata.namespace ?? "",
      labels: {
        ...template.metadata?.labels,
        ...labelsFrom(metadata.labels, [SERVICE, SERVICE_UID]),
        [CONFIGURATION]: metadata.name,
        [CONFIGURATION_UID]: metadata.uid,
        [CONFIGURATION_GENERATION]: String(generation),
        [ROUTING_STATE]: routes ? "active" : "pending",
      },
      annotations: {
        ...template.metadata?.annotations,
        ...(creator === undefined ? {} : { [CREATOR]: creator }),
        ...(routes === undefined ? {} : { [ROUTES]: routes }),
        [ROUTING_STATE_MODIFIED]: timeText(nowMs),
      },
    },
    spec: template.spec,
  };
}

function labelsFrom(labels: Record<string, string> | undefined, keys: readonly string[]) {
  return Object.fromEntries(
    keys.flatMap((key) => (labels?.[key] === undefined ? [] : [[key, labels[key]] as const])),
  );
}
