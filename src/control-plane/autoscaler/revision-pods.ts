import { REVISION } from "../../api/labels.ts";
import { keyText, type ObjectKey } from "../../api/object.ts";
import { type Pod, PodKind } from "../../api/pod/kind.ts";
import { labelIndex } from "../../kube/informer.ts";
import type { Informers } from "../../kube/informers.ts";
import type { ScrapablePod } from "./pod-scrape.ts";

const byRevision = labelIndex(REVISION);

/**
 * The pods that can be scraped, by revision, for `AutoscalerPorts.pods`. Say `new` before anyone takes the
 * pods' informer.
 */
export class RevisionPods {
  readonly #informers: Informers;

  constructor(informers: Informers) {
    informers.need(PodKind, ["status.phase", "status.podIP", "status.startTime", "status.conditions"]);
    this.#informers = informers;
  }

  of(key: ObjectKey): readonly ScrapablePod[] {
    return this.#informers.of(PodKind).by(byRevision, keyText(key)).flatMap(scrapable);
  }

  /**
   * Told of every change of a revision's pods, relevant or not. Call it when all needs of informers are said.
   */
  onChange(listener: (key: ObjectKey) => void): void {
    this.#informers.of(PodKind).onChange(({ object: { metadata } }) => {
      const name = metadata.labels?.[REVISION];
      if (name !== undefined) listener({ namespace: metadata.namespace ?? "", name });
    });
  }
}

function scrapable({ metadata, status }: Pod): readonly ScrapablePod[] {
  const isReady = status?.conditions?.some((one) => one.type === "Ready" && one.status === "True");
  if (metadata.deletionTimestamp !== undefined || status?.phase !== "Running" || !isReady) return [];
  const startedAtMs = Date.parse(status.startTime ?? metadata.creationTimestamp ?? "");
  return status.podIP === undefined ? [] : [{ ip: status.podIP, startedAtMs }];
}
