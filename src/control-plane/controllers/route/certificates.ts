import { type Certificate, CertificateKind } from "../../../api/certificate/kind.ts";
import { certificateOf, wantsExternalTls } from "../../../api/certificate/wanted.ts";
import type { Config } from "../../../api/config/config.ts";
import { CLUSTER_LOCAL_DOMAIN, domainFor } from "../../../api/config/domain.ts";
import type { IngressTls } from "../../../api/ingress/kind.ts";
import { CERTIFICATE_TYPE, ROUTE } from "../../../api/labels.ts";
import { routeCertificateName } from "../../../api/names.ts";
import { type Condition, keyOf, type Stored } from "../../../api/object.ts";
import type { Route } from "../../../api/route/kind.ts";
import { isFailed, isReady, readyOf } from "../../../kube/conditions.ts";
import type { Child, Context, Deletion } from "../../../kube/controller.ts";
import { isControlledBy } from "../../../kube/owned-children.ts";
import { type ChallengePath, certificateChild, challengePaths } from "../certificates.ts";
import { localHosts, type Origin } from "./origins.ts";

/** Which Certificates a Route asks for, and what it makes of them (spec C-046, C-053…C-055, A-056). */

export interface CertificatesSeen {
  certificate(name: string): Stored<Certificate> | undefined;
  /** Those that carry the Route's label. */
  readonly ownCertificates: readonly Stored<Certificate>[];
  /** Those of the namespace that cover all hosts of a domain. */
  wildcards(domain: string): readonly Stored<Certificate>[];
}

export interface RouteTls {
  readonly children: readonly Child[];
  readonly deletions: readonly Deletion[];
  readonly tls: readonly IngressTls[];
  readonly challenges: readonly ChallengePath[];
  /** Of CertificateProvisioned. */
  readonly told: Told;
  /** A host without an entry has the scheme that it would have without TLS. */
  readonly schemes: ReadonlyMap<string, "http" | "https">;
  readonly addressScheme: "http" | "https";
}

interface Told {
  readonly status: Condition["status"];
  readonly reason?: string;
  readonly message?: string;
  /** True: nothing can be built on it. */
  readonly isFatal?: boolean;
}

interface Wanted {
  readonly origin: Origin;
  readonly type: "external-domain" | "cluster-local-domain";
  readonly hosts: readonly string[];
  /** What would be made; a wildcard may serve instead. */
  readonly object: Certificate;
  readonly wildcard: Stored<Certificate> | undefined;
}

export function routeTls(
  route: Stored<Route>,
  known: { readonly origins: readonly Origin[]; readonly seen: CertificatesSeen },
  context: Context<Config>,
): RouteTls {
  const { config } = context;
  const isExternal = wantsExternalTls(route.metadata, config);
  const external = isExternal ? externalCertificates(route, known, config) : [];
  const isLocal = config.network.clusterLocalDomainTls;
  const local = isLocal ? localCertificates(route, known.origins, config) : [];
  const judged = [...external, ...local].map((wanted) => judge(wanted, { route, seen: known.seen, context }));
  const serving = judged.filter(({ told }) => told === PROVISIONED);
  const localMain = serving.find(({ wanted }) => isLocalMain(wanted));
  return {
    children: judged.flatMap(({ wanted }) => (wanted.wildcard ? [] : [certificateChild(wanted.object)])),
    deletions: [
      ...(isExternal ? orphans(route, { ...known, type: "external-domain" }) : []),
      ...(isLocal ? orphans(route, { ...known, type: "cluster-local-domain" }) : []),
    ],
    tls: serving.map(({ wanted, secretName }) => tlsOf(wanted, secretName)),
    challenges: challengePaths(judged.flatMap(({ challenging }) => challenging ?? [])),
    told: worstOf(judged.map(({ told }) => told)) ?? notEnabled(isExternal),
    schemes: new Map(judged.flatMap(schemesOf)),
    addressScheme: localMain ? "https" : "http",
  };
}

/** Tags within the cluster keep http in their URLs, certificates or not. */
function schemesOf({ wanted, told }: Judged): [string, "http" | "https"][] {
  if (told.isFatal) return [];
  if (wanted.type === "cluster-local-domain" && !(told === PROVISIONED && isLocalMain(wanted))) return [];
  const scheme = told.reason === DOWNGRADED ? "http" : "https";
  return wanted.hosts.map((host) => [host, scheme]);
}

function isLocalMain({ type, origin }: Wanted): boolean {
  return type === "cluster-local-domain" && origin.tag === "";
}

function externalCertificates(
  route: Stored<Route>,
  { origins, seen }: { readonly origins: readonly Origin[]; readonly seen: CertificatesSeen },
  config: Config,
): Wanted[] {
  const domain = domainFor(config.domain, route.metadata.labels ?? {});
  const wildcards = seen.wildcards(domain);
  return origins
    .filter(({ isLocal }) => !isLocal)
    .sort((a, b) => (a.domain < b.domain ? -1 : 1))
    .map((origin) => {
      const about = { origin, type: "external-domain", hosts: [origin.domain] } as const;
      const object = certificateFor(route, { ...about, domain }, config);
      return { ...about, object, wildcard: wildcards.find((one) => covers(one, origin.domain)) };
    });
}

function localCertificates(route: Stored<Route>, origins: readonly Origin[], config: Config): Wanted[] {
  return origins.map((origin) => {
    const hosts = localHosts(origin.hostName, route.metadata.namespace ?? "");
    const about = { origin, type: "cluster-local-domain", hosts } as const;
    const object = certificateFor(route, { ...about, domain: CLUSTER_LOCAL_DOMAIN }, config);
    return { ...about, object, wildcard: undefined };
  });
}

function certificateFor(
  { metadata }: Stored<Route>,
  about: Pick<Wanted, "origin" | "type" | "hosts"> & { readonly domain: string },
  config: Config,
): Certificate {
  const { name, namespace = "", uid, annotations } = metadata;
  const { origin, type, hosts: dnsNames, domain } = about;
  const suffix = type === "cluster-local-domain" ? "-local" : "";
  const wanted = { name: routeCertificateName(uid, origin.tag) + suffix, namespace, dnsNames, domain, type };
  return certificateOf({ ...wanted, labels: { [ROUTE]: name }, annotations }, config);
}

/** `*.a.b` covers what has one label before `.a.b`. */
function covers({ spec }: Certificate, host: string): boolean {
  const wildcard = host.replace(/^[^.]+/, "*");
  return spec.dnsNames.some((name) => name === host || name === wildcard);
}

interface Judged {
  readonly wanted: Wanted;
  readonly told: Told;
  readonly secretName: string;
  /** It asks under the Route's hosts whether they are ours. */
  readonly challenging?: Certificate;
}

const DOWNGRADED = "HTTPDowngrade";
const PROVISIONED: Told = { status: "True" };

function judge(
  wanted: Wanted,
  { route, seen, context }: { route: Stored<Route>; seen: CertificatesSeen; context: Context<Config> },
): Judged {
  const { name = "" } = wanted.object.metadata;
  const stored = wanted.wildcard ?? seen.certificate(name);
  const { secretName } = stored?.spec ?? wanted.object.spec;
  if (stored && !wanted.wildcard && !isControlledBy(stored, route)) {
    const message = `There is an existing certificate ${name} that we don't own.`;
    return { wanted, secretName, told: { ...failing("CertificateNotOwned", message), isFatal: true } };
  }
  const { failure, config } = context;
  if (failure?.kind === CertificateKind.kind && failure.name === name) {
    return { wanted, secretName, told: { ...provisionFailed(name, failure.reason), isFatal: true } };
  }
  const isRenewing = stored?.status?.conditions?.some(
    ({ type, status }) => type === "Renewing" && status === "True",
  );
  if (stored && isReady(stored))
    return { wanted, secretName, told: PROVISIONED, ...(isRenewing ? { challenging: stored } : {}) };
  // Not the Route's own choice of http-protocol, by which only redirects go (spec C-055).
  const mayDowngrade = wanted.type === "external-domain" && config.network.httpProtocol === "enabled";
  const storedName = stored?.metadata.name ?? name;
  const told = mayDowngrade ? downgraded(storedName) : pending(storedName, stored);
  return { wanted, secretName, told, ...(stored ? { challenging: stored } : {}) };
}

function pending(name: string, stored: Stored<Certificate> | undefined): Told {
  const reason = (stored && readyOf(stored)?.reason) ?? "";
  if (stored && isFailed(stored)) return provisionFailed(name, reason);
  const message = `Certificate ${name} is not ready: ${reason}`;
  return { status: "Unknown", reason: "CertificateNotReady", message };
}

function provisionFailed(name: string, reason: string): Told {
  return failing("CertificateProvisionFailed", `Certificate ${name} fails to be provisioned: ${reason}`);
}

function failing(reason: string, message: string): Told {
  return { status: "False", reason, message };
}

function downgraded(name: string): Told {
  return {
    status: "True",
    reason: DOWNGRADED,
    message: `Certificate ${name} is not ready downgrade HTTP.`,
  };
}

function notEnabled(isExternal: boolean): Told {
  const message = isExternal ? "TLS is not enabled for cluster-local" : "external-domain-tls is not enabled";
  return { status: "True", reason: "TLSNotEnabled", message };
}

/** One bad certificate is told whatever became of the others; of equally bad ones the last. */
function worstOf(told: readonly Told[]): Told | undefined {
  const badness = ({ isFatal, status, reason }: Told) => {
    if (isFatal) return 4;
    if (status !== "True") return status === "False" ? 3 : 2;
    return reason === undefined ? 0 : 1;
  };
  return told.reduce<Told | undefined>(
    (worst, one) => (worst && badness(worst) > badness(one) ? worst : one),
    undefined,
  );
}

/** Of tags and hosts that the Route no longer has. */
function orphans(
  route: Stored<Route>,
  known: {
    readonly origins: readonly Origin[];
    readonly seen: CertificatesSeen;
    readonly type: Wanted["type"];
  },
): Deletion[] {
  const hosts = new Set(
    known.origins.flatMap(({ domain, hostName, isLocal }) => {
      if (known.type === "cluster-local-domain") return localHosts(hostName, route.metadata.namespace ?? "");
      return isLocal ? [] : [domain];
    }),
  );
  return known.seen.ownCertificates
    .filter(
      (one) =>
        isControlledBy(one, route) &&
        one.metadata.labels?.[CERTIFICATE_TYPE] === known.type &&
        !one.spec.dnsNames.some((name) => hosts.has(name)),
    )
    .map((one) => ({ kind: CertificateKind, key: keyOf(one) }));
}

function tlsOf({ object, hosts }: Wanted, secretName: string): IngressTls {
  return { hosts: [...hosts], secretName, secretNamespace: object.metadata.namespace ?? "" };
}
