import type { Kind } from "../../api/kind.ts";
import type { AnyObject } from "./any-object.ts";

/**
 * What happens to an object between decoding and storing: defaults, structural and semantic validation. Passed in,
 * so that the server knows no kind's rules.
 */
export interface Admission {
  /**
   * Returns the object to store (`object` may be changed in place), or throws ApiError. Called for dry runs too.
   */
  admit(request: AdmissionRequest): AdmissionAnswer | Promise<AdmissionAnswer>;
  /** Takes unknown fields off `object` in place and returns their paths (`spec.tmplate`). */
  prune(kind: Kind, object: AnyObject): readonly string[];
}

export interface AdmissionRequest {
  readonly operation: "CREATE" | "UPDATE" | "DELETE";
  readonly kind: Kind;
  readonly subresource: string;
  readonly object: AnyObject;
  readonly oldObject?: AnyObject;
  readonly user: string;
  readonly dryRun: boolean;
  /** The namespace asks webhooks to stay away; schemas still count. */
  readonly withoutWebhooks?: boolean;
  /** Whether the object's namespace has a service account of that name. */
  readonly hasServiceAccount?: (name: string) => boolean;
  /** Five random letters for names that are made on the way. */
  readonly suffix?: string;
  /** Takes the warnings that are shown beside a refusal. */
  readonly warnings?: string[];
}

export interface AdmissionAnswer {
  readonly object: AnyObject;
  readonly warnings: readonly string[];
}
