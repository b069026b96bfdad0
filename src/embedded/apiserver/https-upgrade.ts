import type { IncomingMessage } from "node:http";
import type { Server } from "node:https";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { STATUS_CODES } from "../../http/status-codes.ts";
import type { ApiServer } from "./api-server.ts";
import type { ApiRequest, ApiResponse, StreamsOffer } from "./rest/exchange.ts";

export interface UpgradeOptions {
  readonly apiServer: Pick<ApiServer, "handle" | "identify">;
  readonly credentials: { readonly token: string };
  readonly log: Log;
}

/** Requests that want the connection for themselves: streams into pods. Returns how to cut off those that stand. */
export function serveUpgrades(server: Server, options: UpgradeOptions): () => void {
  const standing = new Set<Duplex>();
  server.on("upgrade", (incoming: IncomingMessage, stream: Duplex, head: Buffer) => {
    standing.add(stream);
    stream.on("close", () => standing.delete(stream));
    stream.on("error", () => stream.destroy());
    serve(options, { incoming, stream, head }).catch((thrown) => {
      options.log.warn("an API connection was cut off", { url: incoming.url, why: messageOf(thrown) });
      stream.destroy();
    });
  });
  return () => {
    for (const stream of standing) stream.destroy();
  };
}

interface Upgrading {
  readonly incoming: IncomingMessage;
  readonly stream: Duplex;
  readonly head: Buffer;
}

async function serve(options: UpgradeOptions, upgrading: Upgrading): Promise<void> {
  const { incoming, stream } = upgrading;
  const gone = new AbortController();
  stream.on("close", () => gone.abort());
  const request: ApiRequest = {
    method: incoming.method ?? "GET",
    url: incoming.url ?? "/",
    headers: joinedHeaders(incoming),
    body: new Uint8Array(),
    signal: gone.signal,
  };
  const identity = await options.apiServer.identify(proofOf(incoming, options.credentials.token));
  const response = await options.apiServer.handle(request, identity);
  if (response.streams) await takeOver(response.streams, request, upgrading);
  else await sendPlain(stream, response);
}

async function takeOver(offer: StreamsOffer, request: ApiRequest, upgrading: Upgrading): Promise<void> {
  const way = request.headers.upgrade?.toLowerCase();
  if (way === "websocket") await becomeWebSocket(offer, request, upgrading);
  else if (way === "spdy/3.1") await becomeSpdy(offer, request, upgrading);
  else await refuse(upgrading, 400, `unable to upgrade: ask for websocket or SPDY/3.1, not "${way}"`);
}

/** SPDY in a WebSocket's messages: for clients behind proxies that know WebSockets only. */
const TUNNEL = "SPDY/3.1+";
/** Of one message; what clients send is typed, or read in small parts. */
const MESSAGE_MAX = 1024 * 1024;

async function becomeWebSocket(
  { webSocket, spdy }: StreamsOffer,
  request: ApiRequest,
  upgrading: Upgrading,
): Promise<void> {
  const tunnels = Object.keys(spdy).map((name) => TUNNEL + name);
  const offered = [...Object.keys(webSocket), ...tunnels];
  const asked = wordsOf(request.headers["sec-websocket-protocol"]);
  const protocol = offered.find((name) => asked.includes(name));
  if (protocol === undefined) {
    await refuse(upgrading, 400, `no subprotocol of these was asked for: ${offered.join(", ")}`);
    return;
  }
  // Loaded by the first who asks: a start need not wait for it.
  const { WebSocketServer, createWebSocketStream } = await import("ws");
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MESSAGE_MAX,
    handleProtocols: () => protocol,
  });
  const { incoming, stream, head } = upgrading;
  // Kubernetes' names have a slash in them, which the library takes for a broken header.
  incoming.headers["sec-websocket-protocol"] = "agreed";
  server.handleUpgrade(incoming, stream, head, (socket) => {
    if (tunnels.includes(protocol)) spdy[protocol.slice(TUNNEL.length)]?.(createWebSocketStream(socket));
    else webSocket[protocol]?.(socket);
  });
}

const PROTOCOL_HEADER = "x-stream-protocol-version";

async function becomeSpdy({ spdy }: StreamsOffer, request: ApiRequest, upgrading: Upgrading): Promise<void> {
  const offered = Object.keys(spdy);
  const asked = wordsOf(request.headers[PROTOCOL_HEADER]);
  const protocol = offered.find((name) => asked.includes(name)) ?? "";
  const serve = spdy[protocol];
  if (!serve) {
    await refuse(upgrading, 403, `no protocol of these was asked for: ${offered.join(", ")}`);
    return;
  }
  const { stream, head } = upgrading;
  const lines = ["HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: SPDY/3.1"];
  stream.write([...lines, `X-Stream-Protocol-Version: ${protocol}`, "\r\n"].join("\r\n"));
  if (head.length > 0) stream.unshift(head);
  serve(stream);
}

function wordsOf(header = ""): string[] {
  return header.split(",").map((word) => word.trim());
}

function refuse({ stream }: Upgrading, status: number, text: string): Promise<void> {
  return sendPlain(stream, { status, headers: { "content-type": "text/plain" }, body: `${text}\n` });
}

/** A refusal in plain HTTP: the connection is ours, no server writes for us any more. */
async function sendPlain(stream: Duplex, response: ApiResponse): Promise<void> {
  let body = "";
  if (typeof response.body === "string") body = response.body;
  else for await (const part of response.body) body += Buffer.from(part as Uint8Array).toString();
  const headers = {
    ...response.headers,
    "content-length": String(Buffer.byteLength(body)),
    connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const reason = STATUS_CODES[response.status] ?? "";
  stream.end(`HTTP/1.1 ${response.status} ${reason}\r\n${lines.join("")}\r\n${body}`);
}

/** Who the connection proves to be: by token or by certificate. */
export function proofOf(incoming: IncomingMessage, adminToken: string) {
  const certificate = certificateOf(incoming);
  const { authorization } = incoming.headers;
  return { authorization, adminToken, ...(certificate === undefined ? {} : { certificate }) };
}

/** The subject of a client certificate that our authority signed: name and groups. */
function certificateOf({ socket }: IncomingMessage) {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  if (!subject?.CN) return undefined;
  const groups: readonly string[] = subject.O === undefined ? [] : [subject.O].flat();
  return { name: String(subject.CN), groups };
}

export function joinedHeaders({ headers }: IncomingMessage): Record<string, string | undefined> {
  // Of all fields Node leaves this one alone as a list; no client sends it.
  const cookies = headers["set-cookie"];
  const joined = headers as Record<string, string | undefined>;
  return cookies === undefined ? joined : { ...joined, "set-cookie": cookies.join(",") };
}
