import { ClusterRoleBindingKind } from "../../api/cluster-role-binding/kind.ts";
import { CustomResourceDefinitionKind } from "../../api/custom-resource-definition/kind.ts";
import { type Descriptions, NO_DESCRIPTIONS } from "../../api/descriptions.ts";
import type { Kind } from "../../api/kind.ts";
import type { ResourceQuota } from "../../api/resource-quota/kind.ts";
import { failure } from "../../api/status.ts";
import { VIEWS } from "../../api/views.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { KubeClient } from "../../kube/client.ts";
import { Authenticator, type Proof } from "./access/authenticator.ts";
import { Authorizer } from "./access/authorizer.ts";
import type { Identity } from "./access/identity.ts";
import { publishPolicy } from "./access/policy.ts";
import { ISSUER, ServiceAccountTokens } from "./access/service-account-tokens.ts";
import type { Admission } from "./admission-port.ts";
import { RevisionAllocator } from "./built-in/service-defaults.ts";
import { makeTokenKey } from "./credentials.ts";
import { publishDefinitions } from "./definitions.ts";
import { InProcessClient } from "./in-process-client.ts";
import { LiveCollection } from "./live-collection.ts";
import { Namespaces } from "./namespaces.ts";
import type { PodLogs } from "./pod-logs.ts";
import type { PodStreams } from "./pod-streams.ts";
import { Resources, type VersionAlias } from "./resources.ts";
import type { ApiRequest, ApiResponse } from "./rest/exchange.ts";
import { handleRequest } from "./rest/handle.ts";
import { OpenApiDocuments } from "./rest/openapi-paths.ts";
import type { RestContext } from "./rest/rest-context.ts";
import { SchemaAdmission } from "./schema-admission.ts";
import type { StatusWriters } from "./status-writers.ts";
import type { Storage } from "./storage/storage.ts";
import { WatchHub } from "./watch-hub.ts";
import { HttpsWebhookCaller, type WebhookCaller } from "./webhooks/caller.ts";
import { RegisteredWebhooks } from "./webhooks/registered-webhooks.ts";

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
  readonly podLogs?: () => PodLogs | undefined;
  readonly podStreams?: () => PodStreams | undefined;
  /** What OpenAPI says of types, read anew for each document; absent = nothing. */
  readonly descriptions?: () => Descriptions;
  /** What callers prove themselves with; absent = nobody but who is named by the carrier, with tokens of this run. */
  readonly access?: ApiAccess;
  /** How users' webhooks are asked; absent = over HTTPS. */
  readonly webhookCaller?: WebhookCaller;
  /** Whoever changes an object that the engine's components share fails; for tests. Default false. */
  readonly freezesObjects?: boolean;
  /** Superseded revisions are kept at least this long. Default five minutes. */
  readonly historyMs?: number;
}

export interface ApiAccess {
  /** The administrator's bearer token. */
  readonly adminToken: string;
  /** PEM of the P-256 key that signs service accounts' tokens. */
  readonly tokenKey: string;
}

const HISTORY_MS = 5 * 60_000;

export interface PodTokenRequest {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Empty = this server itself. */
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly boundPod: { readonly name: string; readonly uid: string };
}

/** Secrets that end with this run and that nobody else knows. */
function unsharedAccess(random: Random): ApiAccess {
  return { adminToken: Buffer.from(random.bytes(32)).toString("base64url"), tokenKey: makeTokenKey() };
}

/** The embedded home's Kubernetes API server: objects, watches and their rules over a Storage. */
export class ApiServer {
  readonly #context: RestContext;
  readonly #historyMs: number;
  #compaction: Timer | undefined;

  constructor(options: ApiServerOptions) {
    const { clock, random, log, storage } = options;
    this.#historyMs = options.historyMs ?? HISTORY_MS;
    const { adminToken, tokenKey } = options.access ?? unsharedAccess(random);
    const resources = new Resources(options.kinds, options.aliases, VIEWS);
    const tokens = new ServiceAccountTokens(tokenKey, { clock, random, storage });
    this.#context = {
      clock,
      random,
      log,
      storage,
      resources,
      admission: options.admission ?? new SchemaAdmission(),
      namespaces: new Namespaces(storage),
      hub: new WatchHub({ storage, clock, freezes: options.freezesObjects ?? false }),
      allocator: new RevisionAllocator(() => storage.sequenced),
      authorizer: new Authorizer(storage),
      webhooks: new RegisteredWebhooks(),
      webhookCaller: options.webhookCaller ?? new HttpsWebhookCaller(storage),
      quotas: new LiveCollection<ResourceQuota>("resourcequotas"),
      authenticator: new Authenticator(adminToken, tokens),
      tokens,
      podLogs: options.podLogs ?? none,
      podStreams: options.podStreams ?? none,
      openApi: new OpenApiDocuments(resources, options.descriptions ?? (() => NO_DESCRIPTIONS)),
      ...(options.writers === undefined ? {} : { writers: options.writers }),
    };
  }

  /** Opens the storage and gets ready to answer. */
  async start(): Promise<void> {
    await this.#context.storage.start();
    this.#context.hub.start();
    await this.#context.namespaces.start();
    await this.#context.webhooks.start(this.#context.storage);
    await this.#context.quotas.start(this.#context.storage);
    await this.#publishOwnObjects();
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

  /** Who a connection proves to be. */
  identify(proof: Proof): Promise<Identity> {
    return this.#context.authenticator.identify(proof);
  }

  /** A token for a pod's service account; rejects with ApiError when there is no such account. */
  async issueToken(
    request: PodTokenRequest,
  ): Promise<{ readonly token: string; readonly expiresAtMs: number }> {
    const { storage, tokens } = this.#context;
    const { namespace, serviceAccount: name, boundPod: pod, expirationSeconds } = request;
    const entry = await storage.get({ collection: "serviceaccounts", namespace, name });
    if (!entry) throw failure(404, "NotFound", `serviceaccounts "${name}" not found`);
    const { metadata } = JSON.parse(entry.json) as { metadata: { uid: string } };
    const audiences = request.audiences.length === 0 ? [ISSUER] : request.audiences;
    const owner = { namespace, name, uid: metadata.uid, pod };
    const { token, expiresMs } = tokens.issue(owner, { audiences, expirationSeconds });
    return { token, expiresAtMs: expiresMs };
  }

  /** Answers an HTTP request; whoever carries it knows whose token it bears. Never rejects. */
  handle(request: ApiRequest, identity: Identity): Promise<ApiResponse> {
    return handleRequest(this.#context, request, identity);
  }

  /** Roles that everybody begins with, and definitions of what is served; of what this server serves at all. */
  async #publishOwnObjects(): Promise<void> {
    const { resources, clock } = this.#context;
    const client = this.clientFor("apiserver");
    if (resources.ofKind(ClusterRoleBindingKind)) await publishPolicy(client);
    if (!resources.ofKind(CustomResourceDefinitionKind)) return;
    const kinds = new Set(resources.all.map(({ kind }) => kind));
    await publishDefinitions(client, [...kinds], clock.wall());
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

function none(): undefined {}
