import { ConfigurationKind } from "../../../api/configuration/kind.ts";
import { SERVICE } from "../../../api/labels.ts";
import { keyOf } from "../../../api/object.ts";
import { RevisionKind } from "../../../api/revision/kind.ts";
import { RouteKind } from "../../../api/route/kind.ts";
import { type Service, ServiceKind } from "../../../api/service/kind.ts";
import { type Controller, watch } from "../../../kube/controller.ts";
import { byLabel, byOwner } from "../../../kube/parents.ts";
import { desiredService, type ServiceObserved } from "./desired.ts";

export function serviceController(): Controller<Service, ServiceObserved, unknown> {
  return {
    name: "service-controller",
    kind: ServiceKind,
    watches: [
      watch({ kind: ConfigurationKind, parents: byOwner(ServiceKind) }),
      watch({ kind: RouteKind, parents: byOwner(ServiceKind) }),
      watch({ kind: RevisionKind, parents: byLabel(SERVICE) }),
    ],
    observe(service, caches) {
      const key = keyOf(service);
      const name = service.spec.template.metadata?.name;
      return {
        configuration: caches.get(ConfigurationKind, key),
        route: caches.get(RouteKind, key),
        namedRevision: name ? caches.get(RevisionKind, { ...key, name }) : undefined,
      };
    },
    desired: desiredService,
  };
}
