import { type Configuration, ConfigurationKind } from "../../../api/configuration/kind.ts";
import { RevisionKind } from "../../../api/revision/kind.ts";
import { type Controller, watch } from "../../../kube/controller.ts";
import { byOwner } from "../../../kube/parents.ts";
import { type ConfigurationObserved, desiredConfiguration } from "./desired.ts";

export function configurationController(): Controller<Configuration, ConfigurationObserved, unknown> {
  return {
    name: "configuration-controller",
    kind: ConfigurationKind,
    watches: [watch({ kind: RevisionKind, parents: byOwner(ConfigurationKind) })],
    observe(configuration, caches) {
      const name = configuration.spec.template.metadata?.name;
      const { namespace = "" } = configuration.metadata;
      return {
        revisions: caches.ownedBy(RevisionKind, configuration),
        namedRevision: name ? caches.get(RevisionKind, { namespace, name }) : undefined,
      };
    },
    desired: desiredConfiguration,
  };
}
