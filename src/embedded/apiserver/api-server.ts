import { CustomResourceDefinitionKind } from "../../api/custom-resource-definition/kind.ts";
import type { Kind } from "../../api/kind.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { Admission } from "./admission-port.ts";
import { RevisionAllocator } from "./built-in/service-defaults.ts";
import { publishDefinitions } from "./definitions.ts";
import { InProcessClient } from "./in-process-client.ts";
import { Namespaces } from "./namespaces.ts";
import type { PodLogs } from "./pod-logs.ts";
import { Resources, type VersionAlias } from "./resources.ts";
import type { ApiRequest, ApiResponse } from "./rest/exchange.ts";
import { handleRequest } from "./rest/handle.ts";
import type { Identity } from "./rest/identity.ts";
import type { RestContext } from "./rest/rest-context.ts";
import { SchemaAdmission } from "./schema-admission.ts";
import type { StatusWriters } from "./status-writers.ts";
import type { Storage } from "./storage/storage.ts";
import { WatchHub } from "./watch-hub.ts";

export interface ApiServerOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly storage: Storage;
  readonly kinds: readonly Kind[];
  /** Versions served beside the stored one, in its shape. */
  readonly aliases?: readonly VersionAlias[];
  /** Defaults and validation beside the schema's; absent = the schemas alone. */
  readonly admission?: Admission;
  /** Who may write which status field; for tests and simulation. */
  readonly writers?: StatusWriters;
  /** Where pods' logs are read; absent = they are not served. */
  readonly podLogs?: PodLogs;
  /** Superseded revisions are kept at least this long. Default five minutes. */
  readonly historyMs?: number;
}

const HISTORY_MS = 5 * 60_000;

/** The embedded home's Kubernetes API server: objects, watches and their rules over a Storage. */
export class ApiServer {
  readonly #context: RestContext;
  readonly #historyMs: number;
  #compaction: Timer | undefined;

  constructor(options: ApiServerOptions) {
    const { clock, random, log, storage } = options;
    this.#historyMs = options.historyMs ?? HISTORY_MS;
    this.#context = {
      clock,
      random,
      log,
      storage,
      resources: new Resources(options.kinds, options.aliases),
      admission: options.admission ?? new SchemaAdmission(),
      namespaces: new Namespaces(storage),
      hub: new WatchHub(storage, clock),
      allocator: new RevisionAllocator(() => storage.sequenced),
      podLogs: options.podLogs,
      ...(options.writers === undefined ? {} : { writers: options.writers }),
    };
  }

  /** Opens the storage and gets ready to answer. */
  async start(): Promise<void> {
    await this.#context.storage.start();
    this.#context.hub.start();
    await this.#context.namespaces.start();
    await this.#publishDefinitions();
    this.#scheduleCompaction(this.#context.storage.sequenced);
  }

  /** Ends all watches and closes the storage when everything is durable. */
  async stop(): Promise<void> {
    this.#compaction?.cancel();
    this.#context.hub.stop();
    await this.#context.storage.stop();
  }

  /** The API for a component of the engine; `actor` is its name as a writer. */
  clientFor(actor: string): KubeClient {
    return new InProcessClient(this.#context, { name: actor, groups: ["system:masters"], inside: true });
  }

  /** Answers an HTTP request; whoever carries it knows whose token it bears. Never rejects. */
  handle(request: ApiRequest, identity: Identity): Promise<ApiResponse> {
    return handleRequest(this.#context, request, identity);
  }

  async #publishDefinitions(): Promise<void> {
    const { resources, clock } = this.#context;
    if (!resources.ofKind(CustomResourceDefinitionKind)) return;
    const kinds = new Set(resources.all.map(({ kind }) => kind));
    await publishDefinitions(this.clientFor("definitions"), [...kinds], clock.wall());
  }

  #scheduleCompaction(seen: number): void {
    const { clock, storage, log } = this.#context;
    this.#compaction = clock.schedule(this.#historyMs, () => {
      const now = storage.sequenced;
      storage.compact(seen).catch((why) => log.error("compaction failed", { why: String(why) }));
      this.#scheduleCompaction(now);
    });
  }
}
