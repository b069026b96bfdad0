/** Cases of configmaps.jsonl that ebb answers otherwise, and why. */
export const configMapExceptions: Readonly<Record<string, string>> = {
  "config-domain-017": "the API server's own check of a ConfigMap's keys, made before this one",
};
