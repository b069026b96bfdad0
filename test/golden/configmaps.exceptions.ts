/** Cases of configmaps.jsonl that ebb answers otherwise, and why. */
export const configMapExceptions: Readonly<Record<string, string>> = {
  "config-domain-017":
    "as recorded over HTTP; the API server checks a ConfigMap's keys before it asks admission, which alone is judged here",
};
