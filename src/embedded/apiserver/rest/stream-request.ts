import { type AnyObject, valueAt } from "../any-object.ts";
import { badRequest } from "../failures.ts";
import type { PodCommandRequest, PodStreams, RunningCommand } from "../pod-streams.ts";
import { SpdyChannels, webSocketChannels } from "../streams/command-channels.ts";
import { forwardOverChannels, forwardOverSpdy } from "../streams/port-forward.ts";
import { serveCommand } from "../streams/remote-command.ts";
import { SpdySession } from "../streams/spdy-session.ts";
import type { ApiResponse, Exchange, StreamsOffer } from "./exchange.ts";
import { flagOf } from "./list-options.ts";
import { containerOf } from "./log-response.ts";

/** Requests for streams into pods: what is asked for, and in which protocols it can be had (spec E-213). */

/** Throws ApiError for what cannot be asked; whether the command can run shows when the connection stands. */
export function respondExec(podStreams: PodStreams, exchange: Exchange, pod: AnyObject): ApiResponse {
  const request = commandRequest(exchange.query, pod);
  if (request.command.length === 0)
    throw badRequest("you must specify at least one command for the container");
  return respondStreams(
    exchange,
    commandOffer(request, () => podStreams.exec(request)),
  );
}

export function respondAttach(podStreams: PodStreams, exchange: Exchange, pod: AnyObject): ApiResponse {
  const request = commandRequest(exchange.query, pod);
  return respondStreams(
    exchange,
    commandOffer(request, () => podStreams.attach(request)),
  );
}

export function respondPortForward(podStreams: PodStreams, exchange: Exchange, pod: AnyObject): ApiResponse {
  const { name = "", uid = "" } = pod.metadata;
  const phase = valueAt(pod, ["status", "phase"]);
  if (phase !== "Running")
    throw badRequest(`cannot forward ports of pod "${name}": it is not running, its phase is ${phase}`);
  const ports = exchange.query.getAll("ports").flatMap((text) => text.split(",").map(Number));
  const wrong = ports.find((port) => !(Number.isInteger(port) && port > 0 && port < 65_536));
  if (wrong !== undefined) throw badRequest("ports must be numbers from 1 to 65535");
  const forwarded = {
    connect: (port: number) => podStreams.connect({ uid, pod: name, port }),
    ended: podStreams.ended(uid),
  };
  return respondStreams(exchange, {
    webSocket: ports.length === 0 ? {} : { [V4]: (socket) => forwardOverChannels(socket, ports, forwarded) },
    spdy: { "portforward.k8s.io": (transport) => forwardOverSpdy(transport, forwarded) },
  });
}

const V5 = "v5.channel.k8s.io";
const V4 = "v4.channel.k8s.io";

function commandRequest(query: URLSearchParams, pod: AnyObject): PodCommandRequest {
  const { name = "", uid = "" } = pod.metadata;
  const request: PodCommandRequest = {
    uid,
    pod: name,
    container: containerOf(query.get("container"), pod),
    command: query.getAll("command"),
    stdin: flagOf(query.get("stdin")),
    stdout: flagOf(query.get("stdout")),
    stderr: flagOf(query.get("stderr")),
    tty: flagOf(query.get("tty")),
  };
  if (!request.stdin && !request.stdout && !request.stderr)
    throw badRequest("you must specify at least 1 of stdin, stdout, stderr");
  return request;
}

function commandOffer(request: PodCommandRequest, start: () => Promise<RunningCommand>): StreamsOffer {
  // Version 5 differs by the client's word that stdin ends, which no version 4 client sends.
  const overWebSocket: StreamsOffer["webSocket"][string] = (socket) =>
    void serveCommand(webSocketChannels(socket, request), start);
  return {
    webSocket: { [V5]: overWebSocket, [V4]: overWebSocket },
    spdy: {
      [V4](transport) {
        const channels = new SpdyChannels(request, (streams) => {
          const { closed } = session;
          void serveCommand({ ...streams, closed, close: () => session.close() }, start);
        });
        const session = new SpdySession({ transport, onStream: (stream) => channels.opened(stream) });
      },
    },
  };
}

function respondStreams({ request }: Exchange, streams: StreamsOffer): ApiResponse {
  if (!request.headers.upgrade) throw badRequest("Upgrade request required");
  return { status: 101, headers: {}, body: "", streams };
}
