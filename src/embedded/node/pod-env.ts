import { type ConfigMap, ConfigMapKind } from "../../api/config-map/kind.ts";
import type { Container, EnvVar, KeyRef } from "../../api/container.ts";
import type { Pod } from "../../api/pod/kind.ts";
import { isApiError } from "../../api/status.ts";
import { EbbError } from "../../base/errors.ts";
import type { KubeClient } from "../../kube/client.ts";

/** A container's environment with all references followed, as the kubelet makes it. */

/** A ConfigMap, Secret or key that a container needs does not exist: reason CreateContainerConfigError. */
export class EnvError extends EbbError {
  constructor(message: string) {
    super("container-config", message);
  }
}

export interface PodFacts {
  readonly pod: Pod;
  readonly ip: string;
  readonly hostIp: string;
  readonly nodeName: string;
}

/** Rejects with EnvError. Containers without ConfigMap references never ask the API. */
export async function containerEnv(
  client: KubeClient,
  container: Container,
  facts: PodFacts,
): Promise<Record<string, string>> {
  const env: Record<string, string> = {};
  const maps = new ConfigMaps(client, facts.pod.metadata.namespace ?? "");
  for (const source of container.envFrom ?? []) {
    if (source.secretRef && !source.secretRef.optional)
      throw new EnvError(`secret "${source.secretRef.name}" not found`);
    if (!source.configMapRef) continue;
    const data = await maps.data(source.configMapRef.name ?? "", source.configMapRef.optional);
    for (const [key, value] of Object.entries(data ?? {})) env[`${source.prefix ?? ""}${key}`] = value;
  }
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom
      ? await referred(variable, maps, facts)
      : expand(variable.value ?? "", env);
    if (value !== undefined) env[variable.name] = value;
  }
  return env;
}

/** Kubernetes' `$(NAME)`: unknown names stay as they are, `$$` is a dollar sign that starts nothing. */
export function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$(\$|\(([^()]*)\))/g, (whole, inner: string, name: string | undefined) =>
    inner === "$" ? "$" : (env[name ?? ""] ?? whole),
  );
}

async function referred(
  { name, valueFrom }: EnvVar,
  maps: ConfigMaps,
  facts: PodFacts,
): Promise<string | undefined> {
  if (valueFrom?.fieldRef) return fieldValue(valueFrom.fieldRef.fieldPath, facts);
  if (valueFrom?.configMapKeyRef) return maps.value(valueFrom.configMapKeyRef);
  if (valueFrom?.secretKeyRef) {
    if (valueFrom.secretKeyRef.optional) return undefined;
    throw new EnvError(`secret "${valueFrom.secretKeyRef.name}" not found`);
  }
  throw new EnvError(`environment variable ${name} has a source that this node does not know`);
}

function fieldValue(path: string, { pod, ip, hostIp, nodeName }: PodFacts): string {
  const { metadata, spec } = pod;
  const entry = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (entry) return metadata[entry[1] as "labels" | "annotations"]?.[entry[2] ?? ""] ?? "";
  switch (path) {
    case "metadata.name":
    case "metadata.namespace":
    case "metadata.uid":
      return metadata[path.slice(9) as "name" | "namespace" | "uid"] ?? "";
    case "spec.nodeName":
      return nodeName;
    case "spec.serviceAccountName":
      return spec.serviceAccountName ?? "default";
    case "status.podIP":
    case "status.podIPs":
      return ip;
    case "status.hostIP":
    case "status.hostIPs":
      return hostIp;
    default:
      throw new EnvError(`fieldPath ${path} is not supported`);
  }
}

class ConfigMaps {
  readonly #client: KubeClient;
  readonly #namespace: string;
  readonly #known = new Map<string, Promise<ConfigMap | undefined>>();

  constructor(client: KubeClient, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  async data(name: string, isOptional: boolean | undefined): Promise<Record<string, string> | undefined> {
    let known = this.#known.get(name);
    if (!known) {
      known = this.#get(name);
      this.#known.set(name, known);
    }
    const map = await known;
    if (map || isOptional) return map?.data ?? {};
    throw new EnvError(`configmap "${name}" not found`);
  }

  async value({ name = "", key, optional }: KeyRef): Promise<string | undefined> {
    const value = (await this.data(name, optional))?.[key];
    if (value !== undefined || optional) return value;
    throw new EnvError(`couldn't find key ${key} in ConfigMap ${this.#namespace}/${name}`);
  }

  async #get(name: string): Promise<ConfigMap | undefined> {
    try {
      return await this.#client.get(ConfigMapKind, { namespace: this.#namespace, name });
    } catch (thrown) {
      if (isApiError(thrown, "NotFound")) return undefined;
      throw thrown;
    }
  }
}
