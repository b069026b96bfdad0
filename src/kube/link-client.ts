import type { Kind } from "../api/kind.ts";
import type { ApiObject, ObjectKey, Stored } from "../api/object.ts";
import { ApiError, failure } from "../api/status.ts";
import type { Link } from "../api/wire/link.ts";
import { Interner } from "../base/interner.ts";
import type { DeleteOptions, KubeClient, ObjectList, Patch, Selection, Watching } from "./client.ts";
import { ANSWERS, type LinkAnswer, type LinkRequest, REQUESTS } from "./link-messages.ts";

type Unsent = LinkRequest extends infer R ? (R extends LinkRequest ? Omit<R, "id" | "actor"> : never) : never;

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
  onEvent?(event: unknown): void;
}

/** One per process: gives every component there a client of its own over the one link. */
export class LinkClients {
  readonly #link: Link;
  readonly #pending = new Map<number, Pending>();
  readonly #interner = new Interner();
  #lastId = 0;
  #isClosed = false;

  constructor(link: Link) {
    this.#link = link;
    link.listen(ANSWERS, (message) => this.#receive(message as LinkAnswer));
    link.onClosed(() => {
      this.#isClosed = true;
      for (const pending of this.#pending.values()) pending.reject(closedError());
      this.#pending.clear();
    });
  }

  clientFor(actor: string): KubeClient {
    return new LinkClient((request, options) => this.#send({ ...request, actor }, options));
  }

  #send(
    request: Unsent & { actor: string },
    watching?: { onEvent: (event: unknown) => void; signal: AbortSignal },
  ): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(closedError());
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, ...(watching ? { onEvent: watching.onEvent } : {}) });
      this.#link.send(REQUESTS, { ...request, id });
      watching?.signal.addEventListener(
        "abort",
        () => {
          if (!this.#pending.delete(id)) return;
          this.#link.send(REQUESTS, { id, actor: request.actor, kind: request.kind, verb: "unwatch" });
          resolve(undefined);
        },
        { once: true },
      );
    });
  }

  #receive(answer: LinkAnswer): void {
    const pending = this.#pending.get(answer.id);
    if (!pending) return;
    if ("events" in answer) {
      for (const event of this.#interner.intern(answer.events)) pending.onEvent?.(event);
      return;
    }
    this.#pending.delete(answer.id);
    if ("failure" in answer) pending.reject(new ApiError(answer.failure));
    else pending.resolve(this.#interner.intern(answer.result));
  }
}

type Send = (
  request: Unsent,
  watching?: { onEvent: (event: unknown) => void; signal: AbortSignal },
) => Promise<unknown>;

class LinkClient implements KubeClient {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  get<T extends ApiObject>(kind: Kind<T>, key: ObjectKey): Promise<Stored<T>> {
    return this.#send({ verb: "get", kind: nameOf(kind), ...key }) as Promise<Stored<T>>;
  }

  list<T extends ApiObject>(kind: Kind<T>, selection: Selection = {}): Promise<ObjectList<T>> {
    return this.#send({ verb: "list", kind: nameOf(kind), selection }) as Promise<ObjectList<T>>;
  }

  create<T extends ApiObject>(kind: Kind<T>, object: T): Promise<Stored<T>> {
    return this.#send({ verb: "create", kind: nameOf(kind), object }) as Promise<Stored<T>>;
  }

  update<T extends ApiObject>(kind: Kind<T>, object: T): Promise<Stored<T>> {
    return this.#send({ verb: "update", kind: nameOf(kind), object }) as Promise<Stored<T>>;
  }

  updateStatus<T extends ApiObject>(kind: Kind<T>, object: T): Promise<Stored<T>> {
    return this.#send({ verb: "updateStatus", kind: nameOf(kind), object }) as Promise<Stored<T>>;
  }

  patch<T extends ApiObject>(kind: Kind<T>, key: ObjectKey, patch: Patch): Promise<Stored<T>> {
    return this.#send({ verb: "patch", kind: nameOf(kind), ...key, patch }) as Promise<Stored<T>>;
  }

  async delete(kind: Kind, key: ObjectKey, options: DeleteOptions = {}): Promise<void> {
    await this.#send({ verb: "delete", kind: nameOf(kind), ...key, options });
  }

  async watch<T extends ApiObject>(...[kind, selection, onEvent, signal]: Watching<T>): Promise<void> {
    if (signal.aborted) return;
    const watching = { onEvent: onEvent as (event: unknown) => void, signal };
    await this.#send({ verb: "watch", kind: nameOf(kind), selection }, watching);
  }
}

function nameOf({ group, plural }: Pick<Kind, "group" | "plural">) {
  return { group, plural };
}

function closedError(): ApiError {
  const message = "the control plane has ended: nobody answers API requests any more";
  return failure(503, "ServiceUnavailable", message);
}
