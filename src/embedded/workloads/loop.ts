import { type keyOf, keyOfText, keyText, type ObjectKey } from "../../api/object.ts";
import { isApiError, isNamespaceTerminating } from "../../api/status.ts";
import type { Clock } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { Informers } from "../../kube/informers.ts";
import { WorkQueue } from "../../kube/work-queue.ts";

/** What every workload controller gets. */
export interface WorkloadPorts {
  readonly client: KubeClient;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** See the reconcile loop's. */
  readonly courtesyMs?: (() => number) | undefined;
}

/**
 * A queue of keys with its error policy. The loop of `kube` fits Knative's kinds (children with known names); pods of
 * generated names, sizes and deletions by rank need their own writing.
 */
export class KeyLoop {
  readonly #name: string;
  readonly #log: Log;
  readonly #queue: WorkQueue;

  constructor(
    name: string,
    ports: Pick<WorkloadPorts, "clock" | "log" | "courtesyMs"> & { readonly isUrgent?: boolean },
    reconcile: (key: ObjectKey) => Promise<void>,
  ) {
    this.#name = name;
    this.#log = ports.log;
    this.#queue = new WorkQueue({
      clock: ports.clock,
      work: (key) => this.#work(key, reconcile),
      workersMax: 4,
      backOff: { firstMs: 5, maxMs: 60_000 },
      isUrgent: ports.isUrgent ?? false,
      courtesyMs: ports.courtesyMs,
    });
  }

  start(signal: AbortSignal): void {
    this.#queue.start();
    signal.addEventListener("abort", () => this.#queue.stop(), { once: true });
  }

  add(key: ObjectKey): void {
    this.#queue.add(keyText(key));
  }

  addAfter(key: ObjectKey, delayMs: number): void {
    this.#queue.addAfter(keyText(key), delayMs);
  }

  get idle(): boolean {
    return this.#queue.idle;
  }

  async #work(text: string, reconcile: (key: ObjectKey) => Promise<void>): Promise<void> {
    try {
      await reconcile(keyOfText(text));
      this.#queue.forget(text);
    } catch (thrown) {
      const delayMs = this.#queue.addRateLimited(text);
      // Somebody wrote in between, or deleted it: the next look decides anew, there is nothing to tell.
      if (isApiError(thrown, "Conflict") || isApiError(thrown, "NotFound")) return;
      if (isNamespaceTerminating(thrown)) return;
      this.#log.warn("cannot reconcile, trying again", {
        controller: this.#name,
        key: text,
        delayMs,
        error: messageOf(thrown),
      });
    }
  }
}

/** The owner that controls the object, when it is of that kind. */
export function ownerKey(
  object: { metadata: Parameters<typeof keyOf>[0]["metadata"] },
  kind: string,
): ObjectKey | undefined {
  const owner = object.metadata.ownerReferences?.find((one) => one.controller && one.kind === kind);
  return owner && { namespace: object.metadata.namespace ?? "", name: owner.name };
}
