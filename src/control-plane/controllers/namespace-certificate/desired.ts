import { firstOf } from "../../../api/annotation.ts";
import { type Certificate, CertificateKind } from "../../../api/certificate/kind.ts";
import { certificateOf } from "../../../api/certificate/wanted.ts";
import type { Config } from "../../../api/config/config.ts";
import { selects } from "../../../api/label-selector.ts";
import { CERTIFICATE_CLASS, WILDCARD_DOMAIN } from "../../../api/labels.ts";
import type { Namespace } from "../../../api/namespace/kind.ts";
import { keyOf, type Stored } from "../../../api/object.ts";
import { EbbError } from "../../../base/errors.ts";
import { type Context, child, type Desired } from "../../../kube/controller.ts";
import { isControlledBy } from "../../../kube/owned-children.ts";

/** One certificate for all public hosts of a namespace and a domain (spec C-073, N-015). */

export interface NamespaceObserved {
  /** All wildcards of the namespace, whoever made them. */
  readonly wildcards: readonly Stored<Certificate>[];
}

export function desiredWildcards(
  namespace: Stored<Namespace>,
  observed: NamespaceObserved,
  { config }: Context<Config>,
): Desired<Namespace> {
  const wanted = wildcardsOf(namespace, config);
  const names = new Set(wanted.map(({ metadata }) => metadata.name));
  const own = observed.wildcards.filter((one) => isControlledBy(one, namespace));
  const others = observed.wildcards.filter((one) => !own.includes(one));
  // One that somebody else has put there serves as well.
  const isIssued = ({ spec }: Certificate) =>
    others.some((one) => spec.dnsNames.every((name) => one.spec.dnsNames.includes(name)));
  return {
    children: wanted
      .filter((one) => !isIssued(one))
      .map((object) => {
        const tellsUpdate = `Updated Spec for Knative Certificate ${namespace.metadata.name}/${object.metadata.name}`;
        return child({ kind: CertificateKind, object, tellsUpdate });
      }),
    deletions: own
      .filter(({ metadata }) => !names.has(metadata.name))
      .map((one) => ({ kind: CertificateKind, key: keyOf(one) })),
  };
}

function wildcardsOf({ metadata }: Stored<Namespace>, config: Config): Certificate[] {
  const { externalDomainTls, namespaceWildcardCertSelector: selector } = config.network;
  if (!externalDomainTls || !selector || !selects(selector, metadata.labels ?? {})) return [];
  const domains = [...config.domain.domains].filter(([, { type }]) => type === "wildcard");
  return domains.map(([domain]) => {
    const host = wildcardHost(metadata.name, domain, config);
    return certificateOf(
      {
        // spec N-015.
        name: host.slice(host.indexOf(".") + 1),
        namespace: metadata.name,
        dnsNames: [host],
        labels: { [WILDCARD_DOMAIN]: domain },
        annotations: classOf(metadata.annotations),
      },
      config,
    );
  });
}

/** Throws `domain-template` where the hosts of a namespace have no common ending. */
function wildcardHost(namespace: string, domain: string, { network }: Config): string {
  const values = { Name: "*", Namespace: namespace, Domain: domain, Annotations: {}, Labels: {} };
  const host = network.domainTemplate.execute(values);
  if (/^\*\..+$/.test(host)) return host;
  const why = "a wildcard certificate needs one that begins with {{.Name}} and a dot";
  throw new EbbError("domain-template", `invalid DomainTemplate: ${host}; ${why}`);
}

/** Nothing else of the namespace's annotations is the certificates' concern. */
function classOf(annotations: Readonly<Record<string, string>> | undefined) {
  const [key = ""] = CERTIFICATE_CLASS;
  const chosen = firstOf(annotations, CERTIFICATE_CLASS);
  return chosen ? { [key]: chosen } : undefined;
}
