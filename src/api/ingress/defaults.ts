import type { Ingress } from "./kind.ts";

/** spec A-101 with its erratum. In place. */
export function defaultIngress(ingress: Ingress): void {
  for (const rule of ingress.spec?.rules ?? []) {
    if (!rule.visibility) rule.visibility = "ExternalIP";
    for (const path of rule.http?.paths ?? []) {
      const [only, ...others] = path.splits ?? [];
      if (only !== undefined && others.length === 0 && !only.percent) only.percent = 100;
    }
  }
}
