import type { Certificate } from "../../../api/certificate/kind.ts";
import { type ClusterDomainClaim, ClusterDomainClaimKind } from "../../../api/cluster-domain-claim/kind.ts";
import type { Config } from "../../../api/config/config.ts";
import type { DomainMapping, DomainMappingStatus } from "../../../api/domain-mapping/kind.ts";
import { type Ingress, IngressKind } from "../../../api/ingress/kind.ts";
import type { Stored } from "../../../api/object.ts";
import { Conditions, isObserved, livingSet, readyOf } from "../../../kube/conditions.ts";
import { type Child, type Context, child, type Desired } from "../../../kube/controller.ts";
import { isControlledBy } from "../../../kube/owned-children.ts";
import { publicUrl, type UrlPorts } from "../public-url.ts";
import { mappingTls } from "./certificate.ts";
import { mappingIngress } from "./ingress.ts";
import { resolveTarget, type TargetSeen } from "./target.ts";

/** A domain of one's own leads to a Service: claimed, resolved, and made an Ingress (spec C-068…C-071, A-057). */

export interface DomainMappingObserved {
  readonly claim: Stored<ClusterDomainClaim> | undefined;
  readonly ingress: Stored<Ingress> | undefined;
  readonly certificate: Stored<Certificate> | undefined;
  /** undefined: nothing here knows the kind that the reference names. */
  readonly target: TargetSeen | undefined;
}

export interface DomainMappingOptions {
  readonly urlPorts?: UrlPorts | undefined;
}

const set = livingSet("DomainClaimed", "ReferenceResolved", "IngressReady", "CertificateProvisioned");
const NOT_CONFIGURED = { reason: "IngressNotConfigured", message: "Ingress has not yet been reconciled." };

export function desiredMapping(
  mapping: Stored<DomainMapping>,
  observed: DomainMappingObserved,
  context: Context<Config> & DomainMappingOptions,
): Desired<DomainMapping> {
  const { config, urlPorts } = context;
  const tls = mappingTls(mapping, observed.certificate, context);
  const scheme = tls.scheme ?? config.network.defaultExternalScheme;
  const url = publicUrl(scheme, mapping.metadata.name, urlPorts);
  const status: DomainMappingStatus = { ...mapping.status, url, address: { url } };
  const conditions = new Conditions(set, status.conditions);
  const finish = (children: readonly Child[]): Desired<DomainMapping> => ({
    children,
    status: { ...status, conditions: conditions.list() },
  });
  if (!isObserved(mapping)) conditions.markUnknown("IngressReady", NOT_CONFIGURED);
  const claim = claimOf(mapping, observed.claim, config);
  if (claim === "taken") {
    conditions.markFalse("DomainClaimed", TAKEN);
    return finish([]);
  }
  if (context.failure?.kind === ClusterDomainClaimKind.kind) {
    const { message } = context.failure;
    conditions.markFalse("DomainClaimed", { reason: "DomainClaimFailed", message });
    return finish([]);
  }
  conditions.markTrue("DomainClaimed");
  const built = [...(claim === "ours" ? [] : [claim]), ...tls.children];
  conditions.mark("CertificateProvisioned", tls.told);
  if (tls.isFatal) return finish(built);
  const target = resolveTarget(mapping, observed.target);
  if ("problem" in target) {
    conditions.markFalse("ReferenceResolved", { reason: "ResolveFailed", message: target.problem });
    return finish(built);
  }
  conditions.markTrue("ReferenceResolved");
  const ingress = mappingIngress(mapping, { target, tls }, config);
  if (observed.ingress && !isControlledBy(observed.ingress, mapping)) {
    const message = `There is an existing Ingress "${ingress.metadata.name}" that we do not own.`;
    conditions.markFalse("IngressReady", { reason: "NotOwned", message });
    return finish(built);
  }
  const ready = observed.ingress && isObserved(observed.ingress) ? readyOf(observed.ingress) : undefined;
  if (ready) conditions.mirror("IngressReady", ready);
  else conditions.markUnknown("IngressReady", NOT_CONFIGURED);
  return finish([...built, child({ kind: IngressKind, object: ingress })]);
}

const TAKEN = {
  reason: "DomainAlreadyClaimed",
  message: "The domain name is already in use by another DomainMapping",
};

/**
 * A domain belongs to one namespace. Without a claim it is free for the taking only where the cluster says so
 * (spec C-068); whoever makes the claim does not own it, so that it outlives a mapping that is made anew.
 */
function claimOf(
  { metadata }: Stored<DomainMapping>,
  claim: Stored<ClusterDomainClaim> | undefined,
  { network }: Config,
): Child | "ours" | "taken" {
  const { name, namespace = "" } = metadata;
  if (claim) return claim.spec.namespace === namespace ? "ours" : "taken";
  if (!network.autocreateClusterDomainClaims) return "taken";
  return child({
    kind: ClusterDomainClaimKind,
    object: { metadata: { name }, spec: { namespace } },
    unowned: true,
  });
}
