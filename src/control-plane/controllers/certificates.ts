import { type Certificate, CertificateKind, type Http01Challenge } from "../../api/certificate/kind.ts";
import type { IngressPath } from "../../api/ingress/kind.ts";
import { type Child, child, type Owner } from "../../kube/controller.ts";

/** What all do who ask for Certificates. */
export function certificateChild(object: Certificate, owner?: Owner): Child {
  const { name, namespace } = object.metadata;
  const tellsUpdate = `Updated Spec for Certificate ${namespace}/${name}`;
  return child({ kind: CertificateKind, object, tellsUpdate, ...(owner ? { owner } : {}) });
}

/** How a provider of certificates asks under a host whether it is ours: a path of its own in the Ingress (C-053). */
export interface ChallengePath {
  readonly host: string;
  readonly path: IngressPath;
}

/** In the order of their URLs; what has no URL or no Service leads nowhere. */
export function challengePaths(certificates: readonly Certificate[]): ChallengePath[] {
  return certificates
    .flatMap(({ status }) => status?.http01Challenges ?? [])
    .flatMap((challenge) => challengePath(challenge) ?? [])
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function challengePath({ url = "", serviceName, ...rest }: Http01Challenge): ChallengePath | undefined {
  if (!URL.canParse(url) || !serviceName) return undefined;
  const { host, pathname } = new URL(url);
  const { serviceNamespace = "", servicePort = 80 } = rest;
  const split = { serviceName, serviceNamespace, servicePort, percent: 100 };
  return { host, path: { path: pathname, splits: [split] } };
}

function keyOf({ host, path }: ChallengePath): string {
  return `${host}${path.path}`;
}
