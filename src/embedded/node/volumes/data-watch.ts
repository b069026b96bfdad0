import { ConfigMapKind } from "../../../api/config-map/kind.ts";
import type { Kind } from "../../../api/kind.ts";
import type { ApiObject } from "../../../api/object.ts";
import { SecretKind } from "../../../api/secret/kind.ts";
import type { Clock } from "../../../base/clock.ts";
import type { Log } from "../../../base/log.ts";
import type { KubeClient } from "../../../kube/client.ts";
import { Informer } from "../../../kube/informer.ts";
import type { DataKind } from "../pod-data.ts";

interface Follower {
  readonly wanted: ReadonlySet<string>;
  readonly changed: () => void;
}

/**
 * Tells pods when a ConfigMap or Secret in one of their volumes changes. It watches metadata alone, and only from the
 * first pod on that has such a volume.
 */
export class DataWatch {
  readonly #ports: { client: KubeClient; clock: Clock; log: Log };
  readonly #signal: AbortSignal;
  readonly #followers = new Set<Follower>();
  #isRunning = false;

  constructor(ports: { client: KubeClient; clock: Clock; log: Log }, signal: AbortSignal) {
    this.#ports = ports;
    this.#signal = signal;
  }

  /** Returns what ends it. */
  follow(
    namespace: string,
    references: readonly { readonly kind: DataKind; readonly name: string }[],
    changed: () => void,
  ): () => void {
    const wanted = new Set(references.map(({ kind, name }) => `${kind} ${namespace}/${name}`));
    if (wanted.size === 0) return () => {};
    const follower = { wanted, changed };
    this.#followers.add(follower);
    this.#run();
    return () => this.#followers.delete(follower);
  }

  #run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#watch("configmap", ConfigMapKind as Kind);
    this.#watch("secret", SecretKind as Kind);
  }

  #watch(kind: DataKind, of: Kind): void {
    const informer = new Informer<ApiObject>({ ...this.#ports, kind: of, selection: { fields: [] } });
    informer.onChange(({ object }) => {
      const text = `${kind} ${object.metadata.namespace}/${object.metadata.name}`;
      for (const follower of this.#followers) if (follower.wanted.has(text)) follower.changed();
    });
    void informer.run(this.#signal);
  }
}
