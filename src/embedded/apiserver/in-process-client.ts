import type { Kind } from "../../api/kind.ts";
import type { ApiObject, ObjectKey, Stored } from "../../api/object.ts";
import { failure } from "../../api/status.ts";
import { copyJson } from "../../base/json.ts";
import type {
  DeleteOptions,
  KubeClient,
  Listing,
  ObjectList,
  Patch,
  Selection,
  WatchEvent,
} from "../../kube/client.ts";
import type { AnyObject } from "./any-object.ts";
import type { Written } from "./commit.ts";
import type { Caller, ServerContext, Target, WriteOptions } from "./context.ts";
import { unknownResource } from "./failures.ts";
import type { Resource } from "./resources.ts";
import { filterOf, project } from "./selection.ts";
import { type Entry, StorageError } from "./storage/storage.ts";
import { createObject } from "./verbs/create.ts";
import { deleteObject } from "./verbs/delete.ts";
import { getObject } from "./verbs/get.ts";
import { listEntries } from "./verbs/list.ts";
import { patchObject } from "./verbs/patch.ts";
import { updateStatus } from "./verbs/status.ts";
import { updateObject } from "./verbs/update.ts";
import { eventObject, parseRevision, watchObjects } from "./verbs/watch.ts";

/**
 * The API for components in the server's own process. What goes in is copied; what comes out of writes, lists and
 * watches is shared by all of them and read only: parsing it for each would cost more than the write itself.
 */
export class InProcessClient implements KubeClient {
  readonly #context: ServerContext;
  readonly #caller: Caller;

  constructor(context: ServerContext, caller: Caller) {
    this.#context = context;
    this.#caller = caller;
  }

  async get<T extends ApiObject>(kind: Kind<T>, key: ObjectKey): Promise<Stored<T>> {
    const entry = await this.#run(getObject(this.#context, this.#target(kind, key), this.#caller));
    return JSON.parse(entry.json) as ApiObject as Stored<T>;
  }

  async list<T extends ApiObject>(...[kind, selection = {}, onPage]: Listing<T>): Promise<ObjectList<T>> {
    const resource = this.#resource(kind);
    const at = this.#context.storage.sequenced;
    const items: Stored<T>[] = [];
    const filter = filterOf(resource, selection);
    const take = onPage ?? ((page) => items.push(...page));
    for await (const entries of listEntries(this.#context, { resource, filter, at }))
      take(entries.map((entry) => this.#shown(entry, selection)));
    return { items, resourceVersion: String(at) };
  }

  async create<T extends ApiObject>(kind: Kind<T>, object: T): Promise<Stored<T>> {
    const resource = this.#resource(kind);
    const namespace = object.metadata.namespace ?? "";
    const request = { resource, namespace, object: copyJson(object) as ApiObject as AnyObject };
    return this.#written<T>(createObject(this.#context, request, this.#options()));
  }

  async update<T extends ApiObject>(kind: Kind<T>, object: T): Promise<Stored<T>> {
    const request = this.#replacement(kind, object);
    return this.#written<T>(updateObject(this.#context, request, this.#options()));
  }

  async updateStatus<T extends ApiObject>(kind: Kind<T>, object: T): Promise<Stored<T>> {
    const request = this.#replacement(kind, object);
    return this.#written<T>(updateStatus(this.#context, request, this.#options()));
  }

  async patch<T extends ApiObject>(kind: Kind<T>, key: ObjectKey, patch: Patch): Promise<Stored<T>> {
    const request = { target: this.#target(kind, key), patch };
    return this.#written<T>(patchObject(this.#context, request, this.#options()));
  }

  async delete(kind: Kind, key: ObjectKey, options: DeleteOptions = {}): Promise<void> {
    const request = { target: this.#target(kind, key), how: options };
    await this.#written(deleteObject(this.#context, request, this.#options()));
  }

  async watch<T extends ApiObject>(
    ...[kind, selection, onEvent, signal]: [
      kind: Kind<T>,
      selection: Selection & { resourceVersion: string },
      onEvent: (event: WatchEvent<T>) => void,
      signal: AbortSignal,
    ]
  ): Promise<void> {
    if (signal.aborted) return;
    const resource = this.#resource(kind);
    const filter = filterOf(resource, selection);
    const from = parseRevision(selection.resourceVersion || "0");
    await new Promise<void>((resolve, reject) => {
      const stop = watchObjects(this.#context, {
        resource,
        filter,
        from,
        durable: !this.#caller.inside,
        onInitial: (entry) => onEvent({ type: "ADDED", object: this.#shown(entry, selection) }),
        onEvent: (event) => onEvent({ type: event.type, object: shown<T>(eventObject(event), selection) }),
        onBookmark: (revision) => onEvent({ type: "BOOKMARK", resourceVersion: String(revision) }),
        onBroken: (why) => (why === undefined ? resolve() : reject(asApiError(why))),
      });
      signal.addEventListener(
        "abort",
        () => {
          stop();
          resolve();
        },
        { once: true },
      );
    });
  }

  #shown<T extends ApiObject>(entry: Entry, selection: Selection): Stored<T> {
    return shown(this.#context.hub.parseShared(entry.json), selection);
  }

  #resource(kind: Pick<Kind, "group" | "plural">): Resource {
    const resource = this.#context.resources.ofKind(kind);
    if (!resource) throw unknownResource();
    return resource;
  }

  #target(kind: Pick<Kind, "group" | "plural">, key: ObjectKey): Target {
    return { resource: this.#resource(kind), namespace: key.namespace, name: key.name };
  }

  #replacement(kind: Kind<never> | Kind, object: ApiObject): { target: Target; object: AnyObject } {
    const { namespace = "", name = "" } = object.metadata;
    return {
      target: this.#target(kind, { namespace, name }),
      object: copyJson(object) as ApiObject as AnyObject,
    };
  }

  #options(): WriteOptions {
    const caller = this.#caller;
    return { caller, manager: caller.name, dryRun: false, fieldValidation: "Ignore", warnings: [] };
  }

  async #written<T extends ApiObject>(writing: Promise<Written>): Promise<Stored<T>> {
    const written = await this.#run(writing);
    if (!this.#caller.inside) await this.#run(this.#context.storage.whenDurable(written.revision));
    return (written.shared ?? written.object) as ApiObject as Stored<T>;
  }

  async #run<R>(operation: Promise<R>): Promise<R> {
    try {
      return await operation;
    } catch (thrown) {
      throw asApiError(thrown);
    }
  }
}

/** A failing disk becomes the API's own failure. */
function asApiError(thrown: unknown): unknown {
  return thrown instanceof StorageError ? failure(500, "InternalError", thrown.message) : thrown;
}

function shown<T extends ApiObject>(object: AnyObject, selection: Selection): Stored<T> {
  const picked = selection.fields === undefined ? object : project(object, selection.fields);
  return picked as ApiObject as Stored<T>;
}
