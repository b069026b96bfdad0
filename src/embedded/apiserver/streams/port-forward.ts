import type { Duplex, Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { WebSocket } from "ws";
import { messageOf } from "../../../base/errors.ts";
import { SpdySession, type SpdyStream } from "./spdy-session.ts";
import { WebSocketChannels } from "./websocket-channels.ts";

/** Ports of one pod, as the carriers of `kubectl port-forward` reach them. */
export interface ForwardedPod {
  connect(port: number): Promise<Duplex>;
  readonly ended: Promise<void>;
}

interface HalfPair {
  readonly error?: SpdyStream;
  readonly data?: SpdyStream;
}

/** Two streams for each connection, joined by the request's number: data both ways, and what went wrong. */
export function forwardOverSpdy(transport: Duplex, pod: ForwardedPod): void {
  const halves = new Map<string, HalfPair>();
  const session = new SpdySession({
    transport,
    onStream(stream) {
      const [kind, port, request] = ["streamtype", "port", "requestid"].map(
        (name) => stream.headers.get(name) ?? "",
      );
      const number = Number(port);
      if (request === undefined || !(number > 0 && number < 65_536)) return void stream.destroy();
      stream.on("error", () => {});
      stream.on("close", () => halves.delete(request));
      const pair = { ...halves.get(request), [kind === "error" ? "error" : "data"]: stream };
      halves.set(request, pair);
      if (!pair.error || !pair.data) return;
      // Nothing comes on it; read to its end it can be forgotten.
      pair.error.resume();
      void join({ from: pair.data, to: pair.data, error: pair.error }, () => pod.connect(number));
    },
  });
  void pod.ended.then(() => session.close());
}

/** One connection for each port that was named in the request: channel 2 n for the data, 2 n + 1 for errors. */
export function forwardOverChannels(socket: WebSocket, ports: readonly number[], pod: ForwardedPod): void {
  const channels = new WebSocketChannels(socket);
  const joined = ports.map((port, index) => {
    const [input, output, error] = [
      channels.input(2 * index),
      channels.output(2 * index),
      channels.output(2 * index + 1),
    ];
    // The port as a greeting on both, by which clients know the channels.
    for (const channel of [output, error]) channel.write(Buffer.of(port & 0xff, port >> 8));
    return join({ from: input, to: output, error }, () => pod.connect(port));
  });
  void Promise.race([pod.ended, Promise.all(joined)]).then(() => channels.close());
}

interface Ends {
  readonly from: Readable;
  readonly to: Writable;
  readonly error: Writable;
}

/** Carries bytes both ways until both ends are done; each end may close its half first. */
async function join({ from, to, error }: Ends, connect: () => Promise<Duplex>): Promise<void> {
  let socket: Duplex;
  try {
    socket = await connect();
  } catch (thrown) {
    error.end(messageOf(thrown));
    from.destroy();
    to.destroy();
    return;
  }
  await Promise.allSettled([pipeline(from, socket), pipeline(socket, to)]);
  error.end();
}
