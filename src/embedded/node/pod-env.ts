import type { Container, EnvVar } from "../../api/container.ts";
import type { KubeClient } from "../../kube/client.ts";
import { fieldValue, type PodFacts, resourceValue } from "./downward.ts";
import { EnvError, PodData } from "./pod-data.ts";

/**
 * A container's environment with all references followed, as the kubelet makes it. Rejects with EnvError. Containers
 * that refer to nothing never ask the API.
 */
export async function containerEnv(
  client: KubeClient,
  container: Container,
  facts: PodFacts,
): Promise<Record<string, string>> {
  const env: Record<string, string> = {};
  const data = new PodData(client, facts.pod.metadata.namespace ?? "");
  for (const { prefix = "", configMapRef, secretRef } of container.envFrom ?? []) {
    const [kind, ref] = secretRef ? (["secret", secretRef] as const) : (["configmap", configMapRef] as const);
    if (!ref) continue;
    const values = await data.all(kind, ref.name ?? "", ref.optional);
    for (const [key, value] of values) env[prefix + key] = value.toString();
  }
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom
      ? await referred(variable, data, { facts, container })
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
  data: PodData,
  own: { readonly facts: PodFacts; readonly container: Container },
): Promise<string | undefined> {
  if (valueFrom?.fieldRef) return fieldValue(valueFrom.fieldRef.fieldPath, own.facts);
  if (valueFrom?.configMapKeyRef) return data.value("configmap", valueFrom.configMapKeyRef);
  if (valueFrom?.secretKeyRef) return data.value("secret", valueFrom.secretKeyRef);
  if (valueFrom?.resourceFieldRef)
    return resourceValue(valueFrom.resourceFieldRef, own.facts.pod.spec.containers, own.container.name);
  throw new EnvError(`environment variable ${name} has a source that this node does not know`);
}
