import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Server } from "node:https";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { ApiServer } from "./api-server.ts";
import type { ApiRequest, ApiResponse, StreamsOffer } from "./rest/exchange.ts";
import { acceptHandshake, WebSocket, type WebSocketEvents } from "./rest/websocket.ts";

export interface UpgradeOptions {
  readonly apiServer: Pick<ApiServer, "handle" | "identify">;
  readonly credentials: { readonly token: string };
  readonly log: Log;
}

/** Requests that want the connection for themselves: streams into pods. */
export function serveUpgrades(server: Server, options: UpgradeOptions): void {
  server.on("upgrade", (incoming: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on("error", () => stream.destroy());
    serve(options, { incoming, stream, head }).catch((thrown) => {
      options.log.warn("an API connection was cut off", { url: incoming.url, why: messageOf(thrown) });
      stream.destroy();
    });
  });
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
  if (response.streams) takeOver(response.streams, request, upgrading);
  else await sendPlain(stream, response);
}

function takeOver(offer: StreamsOffer, request: ApiRequest, { stream, head }: Upgrading): void {
  const asked = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
  const protocol = offer.protocols.find((name) => asked.includes(name));
  const handshake = protocol === undefined ? undefined : acceptHandshake(request.headers, protocol);
  if (handshake === undefined) {
    const body = `no subprotocol of these was asked for: ${offer.protocols.join(", ")}\n`;
    void sendPlain(stream, { status: 400, headers: { "content-type": "text/plain" }, body });
    return;
  }
  stream.write(handshake);
  let events: Partial<WebSocketEvents> = {};
  const socket = new WebSocket(stream, head, {
    message: (payload) => events.message?.(payload),
    closed: () => events.closed?.(),
  });
  offer.open({
    send: (payload) => void socket.send(payload),
    drained: () => socket.drained(),
    close: (code) => socket.close(code),
    onMessage: (message) => {
      events = { ...events, message };
    },
    onClosed: (closed) => {
      events = { ...events, closed };
    },
  });
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

export function joinedHeaders(incoming: IncomingMessage): Record<string, string | undefined> {
  const entries = Object.entries(incoming.headers);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Array.isArray(value) ? value.join(",") : value]),
  );
}
