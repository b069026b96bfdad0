import { type Certificate, CertificateKind } from "../../../api/certificate/kind.ts";
import type { Config } from "../../../api/config/config.ts";
import { ConfigurationKind } from "../../../api/configuration/kind.ts";
import { CoreServiceKind } from "../../../api/core-service/kind.ts";
import { EndpointsKind } from "../../../api/endpoints/kind.ts";
import { IngressKind } from "../../../api/ingress/kind.ts";
import { CONFIGURATION, ROUTE, WILDCARD_DOMAIN } from "../../../api/labels.ts";
import { ingressName } from "../../../api/names.ts";
import { type ApiObject, keyOf, type ObjectKey } from "../../../api/object.ts";
import { RevisionKind } from "../../../api/revision/kind.ts";
import { type Route, RouteKind } from "../../../api/route/kind.ts";
import { type Controller, watch } from "../../../kube/controller.ts";
import type { IndexBy } from "../../../kube/informer.ts";
import type { Caches } from "../../../kube/informers.ts";
import { byLabel, byOwner } from "../../../kube/parents.ts";
import { desiredRoute, type RouteObserved, type RouteOptions } from "./desired.ts";

export function routeController(options: RouteOptions = {}): Controller<Route, RouteObserved, Config> {
  return {
    name: "route-controller",
    kind: RouteKind,
    watches: [
      watch({ kind: ConfigurationKind, parents: routesNaming }),
      watch({ kind: RevisionKind, parents: routesNaming }),
      watch({ kind: IngressKind, parents: byOwner(RouteKind) }),
      watch({ kind: CoreServiceKind, parents: byLabel(ROUTE) }),
      watch({ kind: EndpointsKind, parents: byOwner(RouteKind) }),
      watch({ kind: CertificateKind, parents: routesServed }),
    ],
    observe(route, caches) {
      const key = keyOf(route);
      const named = (name: string): ObjectKey => ({ namespace: key.namespace, name });
      const own = caches.get(CoreServiceKind, key);
      const labelled = caches.labelled(CoreServiceKind, {
        namespace: key.namespace,
        label: ROUTE,
        value: key.name,
      });
      return {
        configuration: (name) => caches.get(ConfigurationKind, named(name)),
        revision: (name) => caches.get(RevisionKind, named(name)),
        certificate: (name) => caches.get(CertificateKind, named(name)),
        ownCertificates: caches.labelled(CertificateKind, {
          namespace: key.namespace,
          label: ROUTE,
          value: key.name,
        }),
        wildcards: (value) =>
          caches.labelled(CertificateKind, { namespace: key.namespace, label: WILDCARD_DOMAIN, value }),
        ingress: caches.get(IngressKind, named(ingressName(key.name))),
        services: own && !labelled.includes(own) ? [...labelled, own] : labelled,
      };
    },
    desired: (route, observed, context) => desiredRoute(route, observed, { ...context, ...options }),
  };
}

/** A wildcard serves all Routes of its namespace. */
function routesServed(certificate: Certificate, caches: Caches): readonly ObjectKey[] {
  const { labels = {}, namespace } = certificate.metadata;
  if (labels[WILDCARD_DOMAIN] === undefined) return byOwner(RouteKind)(certificate);
  return caches.keys(RouteKind, namespace);
}

/** Routes by what their traffic names: Configurations and Revisions, as `namespace/name`. */
const trafficIndex: IndexBy = {
  name: "traffic",
  keysOf(object) {
    const { metadata, spec } = object as Route;
    return (spec.traffic ?? [])
      .flatMap(({ configurationName, revisionName }) => [configurationName, revisionName])
      .filter((name) => name !== undefined && name !== "")
      .map((name) => `${metadata.namespace ?? ""}/${name}`);
  },
};

function routesNaming(object: ApiObject, caches: Caches): readonly ObjectKey[] {
  const { namespace = "", name = "", labels } = object.metadata;
  const names = [name, labels?.[CONFIGURATION]].filter((known) => known !== undefined);
  return names.flatMap((known) =>
    caches.indexed(RouteKind, trafficIndex, `${namespace}/${known}`).map(keyOf),
  );
}
