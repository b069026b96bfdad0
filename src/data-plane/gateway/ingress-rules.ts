import type { IngressPath, IngressSpec } from "../../api/ingress/kind.ts";
import type { HeaderLine, HostRule, RoutePath } from "./route-table.ts";

/** A KIngress in the gateway's own words (spec G-001). `hash` as ingressHash gives it. */
export function hostRules(spec: IngressSpec, hash: string, clusterDomain: string): HostRule[] {
  // The hosts inside the cluster have the paths of those outside, and there is an Ingress for each Service.
  const known = new Map<string, readonly RoutePath[]>();
  return (spec.rules ?? []).flatMap((rule) => {
    const hosts = spelledOut(rule.hosts ?? [], clusterDomain);
    const text = JSON.stringify(rule.http?.paths ?? []);
    const paths = known.get(text) ?? (rule.http?.paths ?? []).map((path) => routePath(path, hash));
    known.set(text, paths);
    const visibility = rule.visibility === "ClusterLocal" ? "private" : "public";
    if (spec.httpOption !== "Redirected" || visibility === "private") return [{ hosts, visibility, paths }];
    // A host without a certificate would be sent to where nobody answers (spec C-052).
    const [secured, plain] = [hosts.filter(isSecured(spec)), hosts.filter((host) => !isSecured(spec)(host))];
    const redirecting = paths.map((path) => ({ ...path, redirectsToHttps: true }));
    const rules: HostRule[] = [
      { hosts: secured, visibility, paths: redirecting },
      { hosts: plain, visibility, paths },
    ];
    return rules.filter((one) => one.hosts.length > 0);
  });
}

/** An entry without hosts covers them all. */
function isSecured({ tls = [] }: IngressSpec): (host: string) => boolean {
  return (host) => tls.some(({ hosts = [] }) => hosts.length === 0 || hosts.includes(host));
}

function routePath(path: IngressPath, hash: string): RoutePath {
  const headers = Object.entries(path.headers ?? {});
  return {
    prefix: path.path ?? "",
    headers: headers.map(([name, match]) => ({ lowerName: name.toLowerCase(), value: match.exact ?? "" })),
    setHeaders: lines(path.appendHeaders),
    rewriteHost: path.rewriteHost === "" ? undefined : path.rewriteHost,
    hash,
    splits: (path.splits ?? []).map((split) => ({
      namespace: split.serviceNamespace ?? "",
      service: split.serviceName ?? "",
      port: split.servicePort ?? 80,
      // A single split may leave its percentage out (spec G-002).
      percent: split.percent ?? ((path.splits ?? []).length === 1 ? 100 : 0),
      setHeaders: lines(split.appendHeaders),
    })),
  };
}

const NONE: readonly never[] = [];

function lines(headers: Readonly<Record<string, string>> | undefined): readonly HeaderLine[] {
  return headers === undefined ? NONE : Object.entries(headers).map(([name, value]) => ({ name, value }));
}

/** A name of the cluster is known by its three spellings, whatever the rule lists (spec G-017). */
function spelledOut(hosts: readonly string[], clusterDomain: string): string[] {
  const suffix = `.svc.${clusterDomain}`;
  const spellings = hosts.flatMap((host) => {
    if (!host.endsWith(suffix)) return [host];
    const short = host.slice(0, -suffix.length);
    return [host, `${short}.svc`, short];
  });
  return [...new Set(spellings)];
}
