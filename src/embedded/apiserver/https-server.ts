import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { failure } from "../../api/status.ts";
import type { Clock } from "../../base/clock.ts";
import { EbbError, messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { listenAt } from "../../http/listen-at.ts";
import type { ApiServer } from "./api-server.ts";
import type { Credentials } from "./credentials.ts";
import { joinedHeaders, proofOf, serveUpgrades } from "./https-upgrade.ts";
import type { ApiRequest, ApiResponse } from "./rest/exchange.ts";

/** The API server's HTTPS front on loopback: sockets to requests and answers back, as fast as the client reads. */

export interface HttpsServerOptions {
  readonly apiServer: Pick<ApiServer, "handle" | "identify">;
  /** Port 0 = any free one. */
  readonly address: { readonly host: string; readonly port: number };
  readonly credentials: Credentials;
  readonly log: Log;
  readonly clock: Clock;
  /** How long slow clients are waited for; for tests. */
  readonly patience?: Patience;
}

export interface Patience {
  /** For a request's headers, and for the whole of it. */
  readonly headersMs: number;
  readonly requestMs: number;
  /** For a client that reads nothing of what was sent to it. */
  readonly readMs: number;
}

const PATIENCE: Patience = { headersMs: 30_000, requestMs: 60_000, readMs: 60_000 };
/** How often Node looks for connections that are too slow. */
const CHECK_INTERVAL_MS = 5000;

export interface RunningHttpsServer {
  readonly host: string;
  readonly port: number;
  /** `https://127.0.0.1:6443`. */
  readonly url: string;
  /** Takes no new connections, ends watches, and lets short requests finish for at most a second. */
  close(): Promise<void>;
}

/** As kube-apiserver: what a request body may hold. */
const BODY_MAX = 3 * 1024 * 1024;
const CLOSE_GRACE_MS = 1000;

export async function startHttpsServer(options: HttpsServerOptions): Promise<RunningHttpsServer> {
  const { address, credentials, clock, log, patience = PATIENCE } = options;
  const open = new Set<Client>();
  const server = createServer({
    key: credentials.key,
    cert: credentials.certificate,
    // A client may prove itself with a certificate of our authority; without one it is asked for a token.
    ca: credentials.caCertificate,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: "TLSv1.2",
    ALPNProtocols: ["http/1.1"],
    requestTimeout: patience.requestMs,
    headersTimeout: patience.headersMs,
    connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, patience.headersMs),
    keepAliveTimeout: 75_000,
  });
  server.on("request", (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const client = new Client();
    open.add(client);
    // Most answers are read to their end: nobody waits for the news that such a client is gone.
    outgoing.on("close", () => {
      open.delete(client);
      if (!outgoing.writableFinished) client.leave();
    });
    serve(options, { incoming, outgoing, client }).catch((thrown) => {
      log.warn("an API answer was cut off", { url: incoming.url, why: messageOf(thrown) });
      outgoing.destroy();
    });
  });
  const cutOffStreams = serveUpgrades(server, options);
  await listen(server, address);
  const { port } = server.address() as AddressInfo;
  const { host } = address;
  const close = () => {
    for (const client of open) client.leave();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const timer = clock.schedule(CLOSE_GRACE_MS, () => {
      server.closeAllConnections();
      cutOffStreams();
    });
    return closed.then(() => timer.cancel());
  };
  return { host, port, url: `https://${host.includes(":") ? `[${host}]` : host}:${port}`, close };
}

function listen(server: Server, { host, port }: HttpsServerOptions["address"]): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (thrown: NodeJS.ErrnoException) => {
      const taken = thrown.code === "EADDRINUSE";
      const why = taken ? "another process listens there" : messageOf(thrown);
      const advice = "choose another port with --api-port (0 = any free one)";
      reject(new EbbError("api-port-unusable", `cannot serve the API on ${host}:${port}: ${why}; ${advice}`));
    };
    server.once("error", onError);
    listenAt(server, { host, port }, () => {
      server.off("error", onError);
      resolve();
    });
  });
}

/** Whether an answer is still waited for. Only those that last (watches, logs) ask: others need no signal. */
class Client {
  #gone: AbortController | undefined;
  #hasLeft = false;

  leave(): void {
    this.#hasLeft = true;
    this.#gone?.abort();
  }

  get signal(): AbortSignal {
    this.#gone ??= new AbortController();
    if (this.#hasLeft) this.#gone.abort();
    return this.#gone.signal;
  }
}

interface Served {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly client: Client;
}

async function serve(options: HttpsServerOptions, { incoming, outgoing, client }: Served): Promise<void> {
  const body = await readBody(incoming);
  if (body === undefined) return refuseBody(outgoing);
  const request: ApiRequest = {
    method: incoming.method ?? "GET",
    url: incoming.url ?? "/",
    headers: joinedHeaders(incoming),
    body,
    get signal() {
      return client.signal;
    },
  };
  const identity = await options.apiServer.identify(proofOf(incoming, options.credentials.token));
  const response = await options.apiServer.handle(request, identity);
  await send(outgoing, request, { response, drained: () => waitForReader(options, outgoing, request) });
}

/** undefined when it is too large; the rest is then not read. Rejects when the client goes. */
function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    incoming.on("data", (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= BODY_MAX) return;
      incoming.pause();
      resolve(undefined);
    });
    incoming.on("end", () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
    incoming.on("error", reject);
  });
}

function refuseBody(outgoing: ServerResponse): void {
  const message = `Request entity too large: limit is ${BODY_MAX}`;
  const { status } = failure(413, "RequestEntityTooLarge", message);
  outgoing.writeHead(413, { "content-type": "application/json", connection: "close" });
  outgoing.end(JSON.stringify(status));
}

interface Sending {
  readonly response: ApiResponse;
  /** Resolves when the client has read what was sent, or is gone. */
  readonly drained: () => Promise<void>;
}

async function send(
  outgoing: ServerResponse,
  request: ApiRequest,
  { response, drained }: Sending,
): Promise<void> {
  const headers: OutgoingHttpHeaders = { "cache-control": "no-cache, private" };
  for (const [name, value] of Object.entries(response.headers))
    headers[name] = typeof value === "string" ? value : [...value];
  if (request.method === "HEAD") {
    outgoing.writeHead(response.status, headers).end();
    return;
  }
  if (typeof response.body === "string") {
    headers["content-length"] = Buffer.byteLength(response.body);
    outgoing.writeHead(response.status, headers).end(response.body);
    return;
  }
  // A watcher must see that its watch stands before the first event comes.
  outgoing.writeHead(response.status, headers).flushHeaders();
  for await (const chunk of response.body) {
    if (outgoing.destroyed) return;
    if (!outgoing.write(chunk)) await drained();
  }
  outgoing.end();
}

/** A client that reads nothing for long is let go: its watch or list would be held for ever. */
function waitForReader(
  { clock, log, patience = PATIENCE }: HttpsServerOptions,
  outgoing: ServerResponse,
  request: ApiRequest,
): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      timer.cancel();
      outgoing.off("drain", done);
      outgoing.off("close", done);
      resolve();
    };
    const timer = clock.schedule(patience.readMs, () => {
      log.warn("a client does not read: its answer is cut off", {
        url: request.url,
        waitedMs: patience.readMs,
      });
      outgoing.destroy();
    });
    outgoing.on("drain", done);
    outgoing.on("close", done);
  });
}
