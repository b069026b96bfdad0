import { Agent, type IncomingMessage, request as plainRequest } from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";
import { apiVersionOf, type Kind } from "../api/kind.ts";
import type { ApiObject, ObjectKey, Stored } from "../api/object.ts";
import { ApiError, type Status } from "../api/status.ts";
import { messageOf } from "../base/errors.ts";
import { Interner } from "../base/interner.ts";
import type {
  DeleteOptions,
  KubeClient,
  ObjectList,
  Patch,
  Selection,
  WatchEvent,
  Watching,
} from "./client.ts";
import type { ClusterAccess } from "./kubeconfig.ts";
import { project } from "./project.ts";

/** A list comes in pieces of so many objects, so that neither side holds up on a large one. */
const LIST_LIMIT = 500;

const PATCH_TYPES = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
} as const;

interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

/** The API of any Kubernetes over HTTP(S). A server out of reach is an ApiError with reason ServiceUnavailable. */
export class HttpClient implements KubeClient {
  readonly #access: ClusterAccess;
  readonly #userAgent: string;
  readonly #agent: Agent;
  readonly #interner = new Interner();

  constructor(access: ClusterAccess, options: { userAgent?: string } = {}) {
    this.#access = access;
    this.#userAgent = options.userAgent ?? "ebb";
    const isTls = access.server.startsWith("https:");
    this.#agent = isTls ? new TlsAgent({ keepAlive: true }) : new Agent({ keepAlive: true });
  }

  /** Ends idle connections, so that the process can end. */
  close(): void {
    this.#agent.destroy();
  }

  async get<T extends ApiObject>(kind: Kind<T>, key: ObjectKey): Promise<Stored<T>> {
    return (await this.#json({ method: "GET", path: objectPath(kind, key) })) as Stored<T>;
  }

  async list<T extends ApiObject>(kind: Kind<T>, selection: Selection = {}): Promise<ObjectList<T>> {
    const items: Stored<T>[] = [];
    let token = "";
    for (;;) {
      const query = queryOf(selection, { limit: String(LIST_LIMIT), continue: token });
      const page = (await this.#json({
        method: "GET",
        path: `${collectionPath(kind, selection.namespace)}?${query}`,
      })) as { items?: Stored<T>[]; metadata: { resourceVersion: string; continue?: string } };
      for (const item of this.#interner.intern(page.items ?? [])) items.push(project(item, selection.fields));
      token = page.metadata.continue ?? "";
      if (token === "") return { items, resourceVersion: page.metadata.resourceVersion };
    }
  }

  async create<T extends ApiObject>(kind: Kind<T>, object: T): Promise<Stored<T>> {
    const path = collectionPath(kind, object.metadata.namespace);
    return (await this.#json({ method: "POST", path, body: typed(kind, object) })) as Stored<T>;
  }

  async update<T extends ApiObject>(kind: Kind<T>, object: T): Promise<Stored<T>> {
    return (await this.#put(kind, object, "")) as Stored<T>;
  }

  async updateStatus<T extends ApiObject>(kind: Kind<T>, object: T): Promise<Stored<T>> {
    return (await this.#put(kind, object, "/status")) as Stored<T>;
  }

  async patch<T extends ApiObject>(kind: Kind<T>, key: ObjectKey, patch: Patch): Promise<Stored<T>> {
    const below = patch.subresource ? `/${patch.subresource}` : "";
    const path = objectPath(kind, key) + below;
    const contentType = PATCH_TYPES[patch.type];
    return (await this.#json({ method: "PATCH", path, body: patch.body, contentType })) as Stored<T>;
  }

  async delete(kind: Kind, key: ObjectKey, options: DeleteOptions = {}): Promise<void> {
    const { propagationPolicy, gracePeriodSeconds, uid, resourceVersion } = options;
    const body = {
      apiVersion: "v1",
      kind: "DeleteOptions",
      propagationPolicy,
      gracePeriodSeconds,
      ...(uid || resourceVersion ? { preconditions: { uid, resourceVersion } } : {}),
    };
    await this.#json({ method: "DELETE", path: objectPath(kind, key), body });
  }

  async watch<T extends ApiObject>(...[kind, selection, onEvent, signal]: Watching<T>): Promise<void> {
    const { resourceVersion } = selection;
    const query = queryOf(selection, { watch: "1", allowWatchBookmarks: "true", resourceVersion });
    const path = `${collectionPath(kind, selection.namespace)}?${query}`;
    try {
      const response = await this.#send({ method: "GET", path, signal });
      for await (const line of linesOf(response)) {
        const event = this.#interner.intern(JSON.parse(line) as RawEvent<T>);
        onEvent(watchEvent(event, selection.fields));
      }
    } catch (thrown) {
      if (signal.aborted) return;
      throw thrown instanceof ApiError ? thrown : unreachable(messageOf(thrown));
    }
    if (!signal.aborted) throw unreachable("the server ended the watch");
  }

  #put(kind: Kind, object: ApiObject, below: string): Promise<unknown> {
    const { namespace = "", name = "" } = object.metadata;
    const path = objectPath(kind, { namespace, name }) + below;
    return this.#json({ method: "PUT", path, body: typed(kind, object) });
  }

  async #json(call: Call): Promise<unknown> {
    const response = await this.#send(call);
    return JSON.parse(await textOf(response));
  }

  /** Resolves to an answer of the 2xx class; any other becomes an ApiError. */
  async #send(call: Call): Promise<IncomingMessage> {
    const response = await this.#exchange(call);
    const code = response.statusCode ?? 500;
    if (code < 300) return response;
    throw new ApiError(statusOf(await textOf(response), code));
  }

  #exchange({
    method,
    path,
    body,
    contentType = "application/json",
    signal,
  }: Call): Promise<IncomingMessage> {
    const { server, ca, token, clientCertificate, clientKey } = this.#access;
    const url = new URL(server.replace(/\/$/, "") + path);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const options = {
      method,
      agent: this.#agent,
      headers: {
        accept: "application/json",
        "user-agent": this.#userAgent,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(text === undefined
          ? {}
          : { "content-type": contentType, "content-length": Buffer.byteLength(text) }),
      },
      ...(ca === undefined ? {} : { ca }),
      ...(clientCertificate === undefined ? {} : { cert: clientCertificate }),
      ...(clientKey === undefined ? {} : { key: clientKey }),
      ...(signal === undefined ? {} : { signal }),
    };
    const request = url.protocol === "https:" ? tlsRequest : plainRequest;
    return new Promise((resolve, reject) => {
      const outgoing = request(url, options, resolve);
      outgoing.on("error", (error) => reject(unreachable(`${method} ${url.href}: ${error.message}`)));
      outgoing.end(text);
    });
  }
}

type RawEvent<T extends ApiObject> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: Stored<T> }
  | { readonly type: "BOOKMARK"; readonly object: Stored<ApiObject> }
  | { readonly type: "ERROR"; readonly object: Status };

function watchEvent<T extends ApiObject>(
  raw: RawEvent<T>,
  fields: readonly string[] | undefined,
): WatchEvent<T> {
  if (raw.type === "ERROR") throw new ApiError(raw.object);
  if (raw.type === "BOOKMARK")
    return { type: "BOOKMARK", resourceVersion: raw.object.metadata.resourceVersion };
  return { type: raw.type, object: project(raw.object, fields) };
}

function collectionPath(kind: Kind, namespace: string | undefined): string {
  const root = kind.group === "" ? `/api/${kind.version}` : `/apis/${apiVersionOf(kind)}`;
  const within = kind.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  return `${root}${within}/${kind.plural}`;
}

function objectPath(kind: Kind, { namespace, name }: ObjectKey): string {
  return `${collectionPath(kind, namespace)}/${encodeURIComponent(name)}`;
}

function queryOf(selection: Selection, more: Readonly<Record<string, string>>): string {
  const { labelSelector = "", fieldSelector = "" } = selection;
  const entries = Object.entries({ labelSelector, fieldSelector, ...more }).filter(
    ([, value]) => value !== "",
  );
  return new URLSearchParams(entries).toString();
}

/** A server wants to be told what it gets. */
function typed(kind: Kind, object: ApiObject): ApiObject {
  return { ...object, apiVersion: apiVersionOf(kind), kind: kind.kind };
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let rest = "";
  response.setEncoding("utf8");
  for await (const chunk of response) {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") yield line;
  }
}

function statusOf(text: string, code: number): Status {
  try {
    const status = JSON.parse(text) as Status;
    if (status.kind === "Status") return status;
  } catch {
    // Not JSON: the text itself is all that there is to tell.
  }
  return { ...FAILURE, message: text.trim() || `the server answered ${code}`, code };
}

const FAILURE = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure" } as const;

function unreachable(message: string): ApiError {
  return new ApiError({ ...FAILURE, message, reason: "ServiceUnavailable", code: 503 });
}
