import { type RevisionOrigin, revisionAttributes } from "../../api/revision-attributes.ts";
import type { GoStruct } from "../../base/go-template/values.ts";
import type { MetricLabels } from "../../http/telemetry/http-metrics.ts";
import { loggedRevision } from "../request-log.ts";

/** The activator that writes a log. */
export interface ActivatorNames {
  readonly podName: string;
  readonly podIp: string;
}

/** A revision as metrics, traces and the request log name it: made when the first of them asks. */
export class RevisionNames {
  readonly #origin: RevisionOrigin;
  readonly #activator: ActivatorNames;
  #labels: MetricLabels | undefined;
  #logged: GoStruct | undefined;

  constructor(origin: RevisionOrigin, activator: ActivatorNames) {
    this.#origin = origin;
    this.#activator = activator;
  }

  /** spec M-003, M-005. */
  get labels(): MetricLabels {
    const { namespace, name, service, configuration } = this.#origin;
    this.#labels ??= {
      key: `${namespace}/${name}/${configuration}/${service}`,
      attributes: revisionAttributes(this.#origin),
    };
    return this.#labels;
  }

  get logged(): GoStruct {
    this.#logged ??= loggedRevision({ ...this.#origin, ...this.#activator });
    return this.#logged;
  }
}
