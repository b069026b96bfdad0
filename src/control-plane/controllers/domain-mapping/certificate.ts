import { type Certificate, CertificateKind } from "../../../api/certificate/kind.ts";
import { certificateOf, wantsExternalTls } from "../../../api/certificate/wanted.ts";
import type { Config } from "../../../api/config/config.ts";
import type { DomainMapping } from "../../../api/domain-mapping/kind.ts";
import type { IngressTls } from "../../../api/ingress/kind.ts";
import { DOMAIN_MAPPING_UID } from "../../../api/labels.ts";
import { certificateName } from "../../../api/names.ts";
import type { Condition, Stored } from "../../../api/object.ts";
import { isReady } from "../../../kube/conditions.ts";
import type { Child, Context } from "../../../kube/controller.ts";
import { isControlledBy } from "../../../kube/owned-children.ts";
import { type ChallengePath, certificateChild, challengePaths } from "../certificates.ts";

/** The certificate of a domain: a Secret of the user's own, or one asked for (spec C-071, A-057). */
export interface MappingTls {
  readonly children: readonly Child[];
  readonly tls: readonly IngressTls[];
  readonly challenges: readonly ChallengePath[];
  /** Of CertificateProvisioned. */
  readonly told: {
    readonly status: Condition["status"];
    readonly reason?: string;
    readonly message?: string;
  };
  /** True: nothing can be built on it. */
  readonly isFatal?: boolean;
  /** Absent = the one that there would be without TLS. */
  readonly scheme?: "http" | "https";
}

export function mappingTls(
  mapping: Stored<DomainMapping>,
  stored: Stored<Certificate> | undefined,
  { config, failure }: Context<Config>,
): MappingTls {
  const { metadata, spec } = mapping;
  const { name, namespace = "" } = metadata;
  const served = (secretName: string) => [{ hosts: [name], secretName, secretNamespace: namespace }];
  const nothing = { children: [], tls: [], challenges: [] };
  if (spec.tls?.secretName) {
    const message = "TLS certificate was provided externally";
    const told = { status: "True", reason: "CertificateExternallyProvided", message } as const;
    return { ...nothing, tls: served(spec.tls.secretName), told, scheme: "https" };
  }
  if (!wantsExternalTls(metadata, config)) {
    const message = "external-domain-tls is not enabled";
    return { ...nothing, told: { status: "True", reason: "TLSNotEnabled", message } };
  }
  const wanted = certificateFor(mapping, config);
  const wantedName = wanted.metadata.name ?? "";
  const asked = { ...nothing, children: [certificateChild(wanted)] };
  const fail = (reason: string, message: string): MappingTls => ({
    ...asked,
    told: { status: "False", reason, message },
    isFatal: true,
  });
  if (stored && !isControlledBy(stored, mapping))
    return fail("CertificateNotOwned", `There is an existing certificate ${wantedName} that we don't own.`);
  if (failure?.kind === CertificateKind.kind)
    return fail("CertificateProvisionFailed", `Certificate ${wantedName} failed to be provisioned.`);
  if (stored && isReady(stored))
    return { ...asked, tls: served(stored.spec.secretName), told: { status: "True" }, scheme: "https" };
  const challenges = stored ? challengePaths([stored]) : [];
  return { ...asked, challenges, ...whileNotReady(wantedName, config) };
}

function whileNotReady(name: string, { network }: Config): Pick<MappingTls, "told" | "scheme"> {
  if (network.httpProtocol === "enabled") {
    const message = `Certificate ${name} is not ready downgrade HTTP.`;
    return { told: { status: "True", reason: "HTTPDowngrade", message }, scheme: "http" };
  }
  const message = `Certificate ${name} is not ready.`;
  return { told: { status: "Unknown", reason: "CertificateNotReady", message }, scheme: "https" };
}

/** Its label holds the domain's name, shortened where a label has no room for it. */
function certificateFor({ metadata }: Stored<DomainMapping>, config: Config): Certificate {
  const { name: domain, namespace = "", annotations } = metadata;
  const name = certificateName(domain);
  return certificateOf(
    {
      name,
      namespace,
      dnsNames: [domain],
      domain,
      type: "external-domain",
      labels: { [DOMAIN_MAPPING_UID]: name },
      annotations,
    },
    config,
  );
}
