import { apiVersionOf, type Kind } from "./kind.ts";

/**
 * What Kubernetes and Knative say of their types and fields, for OpenAPI (spec E-197, A-013). The words are theirs:
 * they come from packages at build time, and none of them stands in this repository.
 */
export interface Descriptions {
  /** By group, version and kind, `apps/v1/Deployment` or `v1/Pod`: the name of the kind's type. */
  readonly kinds: Readonly<Record<string, string | undefined>>;
  readonly types: Readonly<Record<string, Description | undefined>>;
}

/** Of a type, or of a field, which may have words of its own beside those of its type. */
export interface Description {
  readonly text?: string;
  /** The text as definitions show it, where that differs. */
  readonly inDefinitions?: string;
  /** The type of a field, of what a list or a map holds, or that another name of a type stands for. */
  readonly type?: string;
  readonly fields?: Readonly<Record<string, Description | undefined>>;
}

export const NO_DESCRIPTIONS: Descriptions = { kinds: {}, types: {} };

/** The name of a kind in `Descriptions.kinds`. */
export function kindPath(kind: Pick<Kind, "group" | "version" | "kind">): string {
  return `${apiVersionOf(kind)}/${kind.kind}`;
}
