import { CertificateKind } from "../../../api/certificate/kind.ts";
import type { Config } from "../../../api/config/config.ts";
import { WILDCARD_DOMAIN } from "../../../api/labels.ts";
import { type Namespace, NamespaceKind } from "../../../api/namespace/kind.ts";
import type { ApiObject } from "../../../api/object.ts";
import { type Controller, watch } from "../../../kube/controller.ts";
import { desiredWildcards, type NamespaceObserved } from "./desired.ts";

export function namespaceCertificateController(): Controller<Namespace, NamespaceObserved, Config> {
  return {
    name: "nscert-controller",
    kind: NamespaceKind,
    watches: [
      watch({
        kind: CertificateKind,
        parents: (object) =>
          isWildcard(object) ? [{ namespace: "", name: object.metadata.namespace ?? "" }] : [],
      }),
    ],
    observe: ({ metadata }, caches) => ({
      wildcards: caches.list(CertificateKind, metadata.name).filter(isWildcard),
    }),
    desired: desiredWildcards,
  };
}

function isWildcard({ metadata }: ApiObject): boolean {
  return metadata.labels?.[WILDCARD_DOMAIN] !== undefined;
}
