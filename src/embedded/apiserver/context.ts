import type { ResourceQuota } from "../../api/resource-quota/kind.ts";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { Authorizer } from "./access/authorizer.ts";
import type { Admission } from "./admission-port.ts";
import type { ServiceAllocator } from "./built-in/service-defaults.ts";
import type { LiveCollection } from "./live-collection.ts";
import type { Namespaces } from "./namespaces.ts";
import type { Resource, Resources } from "./resources.ts";
import type { StatusWriters } from "./status-writers.ts";
import type { Storage, StorageKey } from "./storage/storage.ts";
import type { WatchHub } from "./watch-hub.ts";
import type { WebhookCaller } from "./webhooks/caller.ts";
import type { RegisteredWebhooks } from "./webhooks/registered-webhooks.ts";

/** What every verb works with. */
export interface ServerContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly storage: Storage;
  readonly resources: Resources;
  readonly admission: Admission;
  readonly namespaces: Namespaces;
  readonly hub: WatchHub;
  readonly allocator: ServiceAllocator;
  readonly authorizer: Authorizer;
  readonly webhooks: RegisteredWebhooks;
  readonly webhookCaller: WebhookCaller;
  readonly quotas: LiveCollection<ResourceQuota>;
  readonly writers?: StatusWriters;
}

/** Who calls. `inside`: a component of the engine, which may act on revisions that the disk does not have yet. */
export interface Caller {
  readonly name: string;
  readonly groups: readonly string[];
  readonly inside: boolean;
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export type Subresource = "" | "status" | "scale" | "finalize" | "binding" | "ephemeralcontainers";

export interface WriteOptions {
  readonly caller: Caller;
  readonly dryRun: boolean;
  readonly fieldValidation: "Strict" | "Warn" | "Ignore";
  /** Who comes to own what is written, as metadata.managedFields names it. */
  readonly manager: string;
  /** An apply takes fields from their owners. */
  readonly force?: boolean;
  /** Filled by the verb: texts for `Warning:` headers. */
  readonly warnings: string[];
}

export interface Target {
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
}

export function storageKeyOf(target: Target): StorageKey {
  return { collection: target.resource.collection, namespace: target.namespace, name: target.name };
}
