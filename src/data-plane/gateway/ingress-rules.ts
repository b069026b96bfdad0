import type { IngressPath, IngressSpec } from "../../api/ingress/kind.ts";
import type { HeaderLine, HostRule, RoutePath } from "./route-table.ts";

/** A KIngress in the gateway's own words (spec G-001). `hash` as ingressHash gives it. */
export function hostRules(spec: IngressSpec, hash: string, clusterDomain: string): HostRule[] {
  return (spec.rules ?? []).map((rule) => ({
    hosts: spelledOut(rule.hosts ?? [], clusterDomain),
    visibility: rule.visibility === "ClusterLocal" ? "private" : "public",
    paths: (rule.http?.paths ?? []).map((path) => routePath(path, hash)),
  }));
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

function lines(headers: Readonly<Record<string, string>> | undefined): HeaderLine[] {
  return Object.entries(headers ?? {}).map(([name, value]) => ({ name, value }));
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
