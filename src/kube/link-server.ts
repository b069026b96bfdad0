import type { Kind } from "../api/kind.ts";
import type { ApiObject } from "../api/object.ts";
import { ApiError, type Status } from "../api/status.ts";
import type { Link } from "../api/wire/link.ts";
import { messageOf } from "../base/errors.ts";
import type { KubeClient } from "./client.ts";
import { ANSWERS, type KindName, type LinkAnswer, type LinkRequest, REQUESTS } from "./link-messages.ts";

export interface LinkServerOptions {
  readonly link: Link;
  readonly clientFor: (actor: string) => KubeClient;
  readonly kinds: readonly Kind[];
}

/** Answers the API requests of the other process. Watches end with the link. */
export function serveKube(options: LinkServerOptions): void {
  const server = new LinkServer(options);
  options.link.listen(REQUESTS, (message) => server.receive(message as LinkRequest));
  options.link.onClosed(() => server.close());
}

class LinkServer {
  readonly #options: LinkServerOptions;
  readonly #watches = new Map<number, AbortController>();

  constructor(options: LinkServerOptions) {
    this.#options = options;
  }

  receive(request: LinkRequest): void {
    if (request.verb === "unwatch") return this.#watches.get(request.id)?.abort();
    this.#answer(request).then(
      (result) => this.#send({ id: request.id, result: result ?? null }),
      (thrown) => this.#send({ id: request.id, failure: statusOf(thrown) }),
    );
  }

  close(): void {
    for (const watch of this.#watches.values()) watch.abort();
  }

  #send(answer: LinkAnswer): void {
    this.#options.link.send(ANSWERS, answer);
  }

  async #answer(request: LinkRequest): Promise<unknown> {
    const client = this.#options.clientFor(request.actor);
    const kind = this.#kind(request.kind);
    switch (request.verb) {
      case "get":
        return client.get(kind, request);
      case "list":
        return client.list(kind, request.selection);
      case "create":
      case "update":
      case "updateStatus":
        return client[request.verb](kind, request.object as ApiObject);
      case "patch":
        return client.patch(kind, request, request.patch);
      case "delete":
        return client.delete(kind, request, request.options);
      case "watch":
        return this.#watch(client, kind, request);
      case "unwatch":
        return undefined;
    }
  }

  /** Events of one turn travel as one message: a message costs more than an event. */
  async #watch(client: KubeClient, kind: Kind, request: LinkRequest & { verb: "watch" }): Promise<void> {
    const { id, selection } = request;
    const ended = new AbortController();
    this.#watches.set(id, ended);
    let waiting: unknown[] = [];
    const flush = () => {
      if (waiting.length > 0) this.#send({ id, events: waiting });
      waiting = [];
    };
    const onEvent = (event: unknown) => {
      if (waiting.push(event) === 1) queueMicrotask(flush);
    };
    try {
      await client.watch(kind, selection, onEvent, ended.signal);
    } finally {
      flush();
      this.#watches.delete(id);
    }
  }

  #kind({ group, plural }: KindName): Kind {
    const kind = this.#options.kinds.find((known) => known.group === group && known.plural === plural);
    if (kind) return kind;
    const message = "the server could not find the requested resource";
    throw new ApiError(failure({ message, reason: "NotFound", code: 404 }));
  }
}

function statusOf(thrown: unknown): Status {
  if (thrown instanceof ApiError) return thrown.status;
  return failure({ message: messageOf(thrown), reason: "InternalError", code: 500 });
}

function failure(what: Pick<Status, "message" | "reason" | "code">): Status {
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", ...what };
}
