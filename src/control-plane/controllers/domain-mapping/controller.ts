import { CertificateKind } from "../../../api/certificate/kind.ts";
import { type ClusterDomainClaim, ClusterDomainClaimKind } from "../../../api/cluster-domain-claim/kind.ts";
import type { Config } from "../../../api/config/config.ts";
import { CoreServiceKind } from "../../../api/core-service/kind.ts";
import { type DomainMapping, DomainMappingKind } from "../../../api/domain-mapping/kind.ts";
import { IngressKind } from "../../../api/ingress/kind.ts";
import { apiVersionOf, type Kind } from "../../../api/kind.ts";
import { certificateName, ingressName } from "../../../api/names.ts";
import { type ApiObject, keyOf, type ObjectKey, type Stored } from "../../../api/object.ts";
import { RouteKind } from "../../../api/route/kind.ts";
import { ServiceKind } from "../../../api/service/kind.ts";
import { type Controller, watch } from "../../../kube/controller.ts";
import type { IndexBy } from "../../../kube/informer.ts";
import type { Caches } from "../../../kube/informers.ts";
import { byOwner } from "../../../kube/parents.ts";
import { type DomainMappingObserved, type DomainMappingOptions, desiredMapping } from "./desired.ts";

/** What a domain may lead to: all that has an address here. */
const ADDRESSABLE: readonly Kind[] = [ServiceKind, RouteKind, CoreServiceKind, DomainMappingKind];

export function domainMappingController(
  options: DomainMappingOptions = {},
): Controller<DomainMapping, DomainMappingObserved, Config> {
  return {
    name: "domainmapping-controller",
    kind: DomainMappingKind,
    finalizer: "domainmappings.serving.knative.dev",
    watches: [
      watch({ kind: ClusterDomainClaimKind, parents: mappingsOfDomain }),
      watch({ kind: IngressKind, parents: byOwner(DomainMappingKind) }),
      watch({ kind: CertificateKind, parents: byOwner(DomainMappingKind) }),
      ...ADDRESSABLE.map((kind) =>
        watch({ kind, parents: (object, caches) => mappingsTo(referenceText(kind, object), caches) }),
      ),
    ],
    observe: observed,
    desired: (mapping, seen, context) => desiredMapping(mapping, seen, { ...context, ...options }),
    finalize(mapping, { claim }, { config }) {
      const isOurs = claim !== undefined && claim.spec.namespace === mapping.metadata.namespace;
      // A claim that the administrator made stays theirs (spec C-068).
      if (!isOurs || !config.network.autocreateClusterDomainClaims) return {};
      return { deletions: [{ kind: ClusterDomainClaimKind, key: keyOf(claim) }] };
    },
  };
}

function observed(mapping: Stored<DomainMapping>, caches: Caches): DomainMappingObserved {
  const { namespace, name } = keyOf(mapping);
  const { ref = {} } = mapping.spec;
  const kind = ADDRESSABLE.find((known) => known.kind === ref.kind && apiVersionOf(known) === ref.apiVersion);
  const key = { namespace: ref.namespace ?? namespace, name: ref.name ?? "" };
  return {
    claim: caches.get<ClusterDomainClaim>(ClusterDomainClaimKind, { namespace: "", name }),
    ingress: caches.get(IngressKind, { namespace, name: ingressName(name) }),
    certificate: caches.get(CertificateKind, { namespace, name: certificateName(name) }),
    target: kind && { kind, object: caches.get(kind, key) },
  };
}

const refIndex: IndexBy = {
  name: "reference",
  keysOf(object) {
    const { ref = {} } = (object as DomainMapping).spec;
    const { apiVersion, kind, name, namespace = object.metadata.namespace ?? "" } = ref;
    return [`${apiVersion}/${kind}/${namespace}/${name}`];
  },
};

function referenceText(kind: Kind, { metadata }: ApiObject): string {
  return `${apiVersionOf(kind)}/${kind.kind}/${metadata.namespace}/${metadata.name}`;
}

function mappingsTo(reference: string, caches: Caches): readonly ObjectKey[] {
  return caches.indexed(DomainMappingKind, refIndex, reference).map(keyOf);
}

const domainIndex: IndexBy = { name: "domain", keysOf: ({ metadata }) => [metadata.name ?? ""] };

/** Mappings of the same domain in every namespace: one that had to wait may have it now. */
function mappingsOfDomain({ metadata }: ApiObject, caches: Caches): readonly ObjectKey[] {
  return caches.indexed(DomainMappingKind, domainIndex, metadata.name ?? "").map(keyOf);
}
