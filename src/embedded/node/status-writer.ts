import { type Pod, PodKind, type PodStatus } from "../../api/pod/kind.ts";
import { isApiError } from "../../api/status.ts";
import type { Clock } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { KubeClient } from "../../kube/client.ts";
import { semanticallyEqual } from "../../kube/semantic.ts";

export interface StatusWriterOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  /** The pod and what its status should be; undefined when nothing is to be written any more. */
  readonly wanted: () => { readonly pod: Pod; readonly status: PodStatus } | undefined;
  /** Called with each status on its way: from then on it counts as the pod's. */
  readonly sent: (status: PodStatus) => void;
}

const NEW_POD_MS = 15;
const RETRY_MS = 1_000;

/** Keeps one pod's status in the API as it should be: one write at a time, with all that changed meanwhile. */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  #isWriting = false;
  #isDirty = false;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  /** Something may have changed. */
  write(): void {
    this.#isDirty = true;
    if (this.#isWriting) return;
    this.#isWriting = true;
    // A cold start goes first: nobody waits to read that a new pod is still pending, and all that follows from that
    // word (endpoints, statuses) would take the processor from the program that is starting.
    const isNew = this.#options.wanted()?.pod.status?.containerStatuses === undefined;
    if (isNew) this.#options.clock.schedule(NEW_POD_MS, () => this.#start());
    else this.#start();
  }

  #start(): void {
    this.#writeUntilClean().then(
      () => {
        this.#isWriting = false;
      },
      (thrown) => {
        this.#isWriting = false;
        if (isApiError(thrown, "NotFound") || isApiError(thrown, "Invalid")) return;
        const pod = this.#options.wanted()?.pod.metadata.uid;
        this.#options.log.warn("cannot write a pod's status", { pod, error: messageOf(thrown) });
        this.#options.clock.schedule(RETRY_MS, () => this.write());
      },
    );
  }

  async #writeUntilClean(): Promise<void> {
    const { client, wanted, sent } = this.#options;
    for (let next = wanted(); this.#isDirty && next; next = wanted()) {
      this.#isDirty = false;
      const { pod, status } = next;
      if (semanticallyEqual(status, pod.status)) continue;
      const { namespace = "", name = "", uid } = pod.metadata;
      // A merge patch would lose the nulls that Kubernetes shows; a name may be another pod's by now.
      const body = [
        { op: "test", path: "/metadata/uid", value: uid },
        { op: "add", path: "/status", value: status },
      ];
      sent(status);
      await client.patch(PodKind, { namespace, name }, { type: "json", body, subresource: "status" });
    }
  }
}
