import { apiVersionOf, type Kind } from "../api/kind.ts";
import type { ApiObject, ObjectKey, Stored } from "../api/object.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { KubeClient } from "./client.ts";
import { type IndexBy, Informer, labelIndex, ownerIndex } from "./informer.ts";

/** What controllers may read: the caches of all watched kinds. */
export interface Caches {
  get<T extends ApiObject>(kind: Kind<T>, key: ObjectKey): Stored<T> | undefined;
  list<T extends ApiObject>(kind: Kind<T>, namespace?: string): readonly Stored<T>[];
  keys<T extends ApiObject>(kind: Kind<T>, namespace?: string): readonly ObjectKey[];
  /** Objects whose controller is `owner`. */
  ownedBy<T extends ApiObject>(kind: Kind<T>, owner: ApiObject): readonly Stored<T>[];
  labelled<T extends ApiObject>(kind: Kind<T>, by: LabelQuery): readonly Stored<T>[];
  /** Objects to which the index gives `value`. */
  indexed<T extends ApiObject>(kind: Kind<T>, index: IndexBy, value: string): readonly Stored<T>[];
}

export interface LabelQuery {
  readonly namespace: string;
  readonly label: string;
  readonly value: string;
}

/** An informer of whatever kind. */
type AnyInformer = Pick<Informer<ApiObject>, "run" | "synced">;

/** One informer per kind, shared by all controllers of a process. */
export class Informers implements Caches {
  readonly #options: { client: KubeClient; clock: Clock; log: Log };
  readonly #informers = new Map<string, AnyInformer>();
  /** Projections asked for before the start; undefined = whole objects. */
  readonly #fields = new Map<string, ReadonlySet<string> | undefined>();
  readonly #namespaces = new Map<string, string>();
  readonly #waiting: AnyInformer[] = [];
  #signal: AbortSignal | undefined;

  constructor(options: { client: KubeClient; clock: Clock; log: Log }) {
    this.#options = options;
  }

  /**
   * Says that objects of `kind` will be read; to be called before `start`. Each informer delivers what all callers
   * together need: whole objects when one gives no `fields`, or when nobody said anything.
   */
  need(kind: Kind, fields?: readonly string[]): void {
    const id = idOf(kind);
    const known = this.#fields.get(id);
    if (fields === undefined || (this.#fields.has(id) && known === undefined))
      this.#fields.set(id, undefined);
    else this.#fields.set(id, new Set([...(known ?? []), ...fields]));
  }

  /** Of `kind` only the objects of this namespace are kept; to be called before anything else is said of it. */
  limit(kind: Kind, namespace: string): void {
    this.#namespaces.set(idOf(kind), namespace);
  }

  of<T extends ApiObject>(kind: Kind<T>): Informer<T> {
    const id = idOf(kind);
    const known = this.#informers.get(id);
    if (known) return known as Informer<T>;
    const fields = () => {
      const wanted = this.#fields.get(id);
      return wanted && [...wanted];
    };
    const namespace = this.#namespaces.get(id);
    const selection = namespace === undefined ? {} : { namespace };
    const informer = new Informer<T>({ ...this.#options, kind, selection, fields });
    this.#informers.set(id, informer);
    if (this.#signal) void informer.run(this.#signal);
    else this.#waiting.push(informer);
    return informer;
  }

  /** Starts all informers, and later ones as they are asked for; they end when `signal` aborts. */
  start(signal: AbortSignal): void {
    this.#signal = signal;
    for (const informer of this.#waiting.splice(0)) void informer.run(signal);
  }

  async synced(): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.synced));
  }

  get<T extends ApiObject>(kind: Kind<T>, key: ObjectKey): Stored<T> | undefined {
    return this.of(kind).get(key);
  }

  list<T extends ApiObject>(kind: Kind<T>, namespace?: string): readonly Stored<T>[] {
    return this.of(kind).list(namespace);
  }

  keys<T extends ApiObject>(kind: Kind<T>, namespace?: string): readonly ObjectKey[] {
    return this.of(kind).keys(namespace);
  }

  ownedBy<T extends ApiObject>(kind: Kind<T>, owner: ApiObject): readonly Stored<T>[] {
    return this.of(kind).by(ownerIndex, owner.metadata.uid ?? "");
  }

  labelled<T extends ApiObject>(kind: Kind<T>, by: LabelQuery): readonly Stored<T>[] {
    return this.of(kind).by(labelIndex(by.label), `${by.namespace}/${by.value}`);
  }

  indexed<T extends ApiObject>(kind: Kind<T>, index: IndexBy, value: string): readonly Stored<T>[] {
    return this.of(kind).by(index, value);
  }
}

function idOf(kind: Kind): string {
  return `${apiVersionOf(kind)}/${kind.kind}`;
}
