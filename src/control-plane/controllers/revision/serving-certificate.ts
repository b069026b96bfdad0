import { certificateOf } from "../../../api/certificate/wanted.ts";
import type { Config } from "../../../api/config/config.ts";
import { SERVING_CERTS } from "../../../api/names.ts";
import { type Namespace, NamespaceKind } from "../../../api/namespace/kind.ts";
import type { ApiObject, ObjectKey, Stored } from "../../../api/object.ts";
import { RevisionKind } from "../../../api/revision/kind.ts";
import type { Secret } from "../../../api/secret/kind.ts";
import type { Child } from "../../../kube/controller.ts";
import type { Caches } from "../../../kube/informers.ts";
import { certificateChild } from "../certificates.ts";

/** With system-internal-tls the queue-proxies of a namespace share one certificate (spec C-030, N-006). */

export interface ServingCertificateSeen {
  readonly namespace?: Stored<Namespace> | undefined;
  /** The Secret of that certificate. */
  readonly servingSecret?: Stored<Secret> | undefined;
}

export interface ServingCertificate {
  readonly children: readonly Child[];
  /** Why no pod can start yet. */
  readonly problem: string | undefined;
}

export function servingCertificate(
  { namespace, servingSecret }: ServingCertificateSeen,
  config: Config,
): ServingCertificate {
  if (!config.network.systemInternalTls || !namespace) return { children: [], problem: undefined };
  const { name } = namespace.metadata;
  const object = certificateOf(
    {
      name: SERVING_CERTS,
      namespace: name,
      // The second is for gateways that know one name for all data planes.
      dnsNames: [`kn-user-${name}`, "data-plane.knative.dev"],
      type: "system-internal",
    },
    config,
  );
  const owner = { kind: NamespaceKind, object: namespace };
  return {
    children: [certificateChild(object, owner)],
    problem: problemOf(servingSecret, `${name}/${SERVING_CERTS}`),
  };
}

function problemOf(secret: Stored<Secret> | undefined, name: string): string | undefined {
  if (!secret) return `secret ${name} is not ready yet: secret could not be found`;
  const lacks = (what: string) => `certificate in secret ${name} is not ready yet: ${what} not found`;
  if (!secret.data?.["tls.crt"]) return lacks("public cert");
  return secret.data["tls.key"] ? undefined : lacks("private key");
}

/** The Revisions of its namespace, for the Certificate and the Secret of that name. */
export function revisionsServed({ metadata }: ApiObject, caches: Caches): readonly ObjectKey[] {
  const { name, namespace = "" } = metadata;
  if (name !== SERVING_CERTS) return [];
  return caches.keys(RevisionKind, namespace);
}
