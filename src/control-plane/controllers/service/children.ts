import type { Configuration } from "../../../api/configuration/kind.ts";
import {
  LAST_APPLIED,
  ROLLOUT_DURATION,
  ROUTES,
  SERVICE,
  SERVICE_UID,
  without,
} from "../../../api/labels.ts";
import type { Stored } from "../../../api/object.ts";
import type { Route } from "../../../api/route/kind.ts";
import type { Service } from "../../../api/service/kind.ts";

/** The Configuration of a Service (spec C-009). Routes that others have noted on it stay noted. */
export function configurationOf(
  service: Stored<Service>,
  existing: Configuration | undefined,
): Configuration {
  const { name, namespace = "", uid, labels, annotations } = service.metadata;
  const routes = new Set(listOf(existing?.metadata.annotations?.[ROUTES]).concat(name));
  return {
    metadata: {
      name,
      namespace,
      labels: { ...labels, [SERVICE]: name, [SERVICE_UID]: uid },
      annotations: {
        ...without(annotations, [LAST_APPLIED, ...ROLLOUT_DURATION]),
        [ROUTES]: [...routes].sort().join(","),
      },
    },
    spec: { template: service.spec.template },
  };
}

/** The Route of a Service (spec C-010). */
export function routeOf(service: Stored<Service>): Route {
  const { name, namespace = "", labels, annotations } = service.metadata;
  const traffic = (service.spec.traffic ?? []).map((target) =>
    target.revisionName ? target : { ...target, configurationName: name },
  );
  return {
    metadata: {
      name,
      namespace,
      labels: { ...labels, [SERVICE]: name },
      annotations: without(annotations, [LAST_APPLIED]),
    },
    spec: { traffic },
  };
}

function listOf(text: string | undefined): string[] {
  return (text ?? "").split(",").filter((part) => part !== "");
}
