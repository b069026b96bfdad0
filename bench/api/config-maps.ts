export const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";

export const filling = "x".repeat(200);

/** A ConfigMap of about 400 bytes. */
export function configMapText(name: string, data: Readonly<Record<string, string>> = {}): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, labels: { bench: "api" } },
    data: { filling, ...data },
  });
}
