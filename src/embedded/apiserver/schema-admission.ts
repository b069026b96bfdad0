import type { Kind } from "../../api/kind.ts";
import { applySchemaDefaults, asStatusErrors, prune, structuralErrors } from "../../api/structural.ts";
import type { Admission, AdmissionAnswer, AdmissionRequest } from "./admission-port.ts";
import type { AnyObject } from "./any-object.ts";
import { invalid } from "./failures.ts";

/** Defaults and validation of a kind's own rules, as its webhook would answer. Throws ApiError. */
export type Webhook = (request: AdmissionRequest) => AdmissionAnswer | Promise<AdmissionAnswer>;

/**
 * What a cluster does to custom resources: the schema's defaults, then the webhook, then the schema's checks. Built-in
 * kinds have their own way (built-in/).
 */
export class SchemaAdmission implements Admission {
  readonly #webhook: Webhook | undefined;

  constructor(webhook?: Webhook) {
    this.#webhook = webhook;
  }

  prune(kind: Kind, object: AnyObject): readonly string[] {
    return prune(kind.schema, object);
  }

  async admit(request: AdmissionRequest): Promise<AdmissionAnswer> {
    const { kind, object, operation } = request;
    if (kind.custom && operation !== "DELETE") applySchemaDefaults(kind.schema, object);
    const answer =
      this.#webhook && !request.withoutWebhooks ? await this.#webhook(request) : { object, warnings: [] };
    if (!kind.custom || operation === "DELETE") return answer;
    const found = structuralErrors(kind.schema, answer.object);
    const errors = request.subresource === "status" ? asStatusErrors(found) : found;
    const { name = "" } = object.metadata;
    if (errors.length > 0) throw invalid({ kind: kind.kind, group: kind.group }, name, errors);
    return answer;
  }
}
