import { ingressHash } from "../../src/api/ingress/hash.ts";
import type { Ingress } from "../../src/api/ingress/kind.ts";
import { judgeGolden } from "../support/golden.ts";

interface HashCase {
  readonly id: string;
  readonly kind: string;
  readonly ingress: Ingress;
  readonly want: { readonly hash: string };
}

judgeGolden<HashCase>({
  file: "autoscaler/route-numbers.jsonl",
  select: ({ kind }) => kind === "ingressHash",
  exceptions: {},
  judge: ({ ingress, want }) => {
    const hash = ingressHash(ingress);
    return hash === want.hash ? undefined : `want ${want.hash}, got ${hash}`;
  },
});
