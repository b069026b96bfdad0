import { parse } from "yaml";
import { EbbError, messageOf } from "../base/errors.ts";

/** How to reach a cluster, as a kubeconfig's current context says. */
export interface ClusterAccess {
  /** `https://host:port`, perhaps with a path. */
  readonly server: string;
  readonly ca?: string;
  readonly token?: string;
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  readonly namespace: string;
}

interface Named<T> {
  readonly name: string;
  readonly value: T;
}

/**
 * Reads the text of a kubeconfig; `readFile` reads what it names by path. Throws EbbError `kubeconfig` when it lacks
 * what a connection needs.
 */
export function parseKubeconfig(text: string, readFile: (path: string) => string): ClusterAccess {
  const config = readYaml(text);
  const wanted = String(config["current-context"] ?? "");
  const context = find(config.contexts, "context", wanted);
  const cluster = find(config.clusters, "cluster", String(context.cluster ?? ""));
  const user = find(config.users, "user", String(context.user ?? ""));
  const blob = (from: Record<string, unknown>, field: string): string | undefined => {
    const data = from[`${field}-data`];
    if (typeof data === "string") return Buffer.from(data, "base64").toString();
    const path = from[field];
    return typeof path === "string" ? readFile(path) : undefined;
  };
  const token =
    user.token ?? (typeof user.tokenFile === "string" ? readFile(user.tokenFile).trim() : undefined);
  if (typeof cluster.server !== "string") throw broken(`cluster ${String(context.cluster)} has no server`);
  return {
    server: cluster.server,
    namespace: typeof context.namespace === "string" ? context.namespace : "default",
    ...present("ca", blob(cluster, "certificate-authority")),
    ...present("clientCertificate", blob(user, "client-certificate")),
    ...present("clientKey", blob(user, "client-key")),
    ...present("token", typeof token === "string" ? token : undefined),
  };
}

function present<K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, string>);
}

function readYaml(text: string): Record<string, unknown> {
  try {
    const config: unknown = parse(text);
    if (typeof config === "object" && config !== null) return config as Record<string, unknown>;
  } catch (thrown) {
    throw broken(messageOf(thrown));
  }
  throw broken("it is empty");
}

function find(list: unknown, field: string, name: string): Record<string, unknown> {
  const entries = (Array.isArray(list) ? list : []) as Named<unknown>[];
  const found = entries.find((entry) => entry.name === name) as Record<string, unknown> | undefined;
  const value = found?.[field];
  if (typeof value !== "object" || value === null) throw broken(`it has no ${field} named "${name}"`);
  return value as Record<string, unknown>;
}

function broken(why: string): EbbError {
  return new EbbError("kubeconfig", `the kubeconfig cannot be used: ${why}`);
}
