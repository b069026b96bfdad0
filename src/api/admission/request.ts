import type { Config } from "../config/config.ts";
import type { Kind } from "../kind.ts";
import type { ApiObject } from "../object.ts";
import type { StructuralError } from "../structural.ts";

export interface AdmissionRequest {
  readonly kind: Kind;
  readonly operation: "CREATE" | "UPDATE" | "DELETE";
  readonly object: ApiObject;
  readonly oldObject?: ApiObject;
  readonly subresource?: string;
  readonly user: { readonly username: string; readonly groups?: readonly string[] };
  readonly config: Config;
  readonly dryRun?: boolean;
  /** What a dry run of a pod needs to know of the cluster; absent = every service account is there. */
  readonly hasServiceAccount?: (name: string) => boolean;
  /** Five random letters for names that are made on the way. */
  readonly suffix?: string;
}

export interface AdmissionResult {
  readonly object: ApiObject;
  readonly warnings: readonly string[];
}

/** What the defaulting and validating functions of a kind get to know of the request. */
export interface Context {
  readonly config: Config;
  readonly operation: "CREATE" | "UPDATE";
  readonly subresource: string;
  readonly username: string;
}

interface DeniedAnswer {
  readonly code?: number;
  readonly reason?: string;
  readonly warnings?: readonly string[];
  readonly causes?: readonly StructuralError[];
}

/** A webhook of Knative's would refuse the request; the message is the one that a client would see. */
export class AdmissionDenied extends Error {
  readonly code: number;
  readonly reason: string;
  /** Shown beside the refusal. */
  readonly warnings: readonly string[];
  /** What the schema found, for the causes of a 422. */
  readonly causes: readonly StructuralError[];

  constructor(message: string, answer: DeniedAnswer = {}) {
    super(message);
    this.code = answer.code ?? 400;
    this.reason = answer.reason ?? "BadRequest";
    this.warnings = answer.warnings ?? [];
    this.causes = answer.causes ?? [];
  }
}
