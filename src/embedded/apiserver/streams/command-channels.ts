import type { WebSocket } from "ws";
import type { PodCommandRequest } from "../pod-streams.ts";
import type { CommandChannels } from "./remote-command.ts";
import type { SpdyStream } from "./spdy-session.ts";
import { WebSocketChannels } from "./websocket-channels.ts";

/** A remote command's streams over either carrier. */

type Wanted = Pick<PodCommandRequest, "stdin" | "stdout" | "stderr" | "tty">;

const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;

export function webSocketChannels(socket: WebSocket, wanted: Wanted): CommandChannels {
  const channels = new WebSocketChannels(socket);
  channels.greet(wanted.stdout ? CHANNEL.stdout : wanted.stderr ? CHANNEL.stderr : CHANNEL.error);
  return {
    error: channels.output(CHANNEL.error),
    ...(wanted.stdin ? { stdin: channels.input(CHANNEL.stdin) } : {}),
    ...(wanted.stdout ? { stdout: channels.output(CHANNEL.stdout) } : {}),
    ...(wanted.stderr && !wanted.tty ? { stderr: channels.output(CHANNEL.stderr) } : {}),
    ...(wanted.tty ? { resize: channels.input(CHANNEL.resize) } : {}),
    closed: channels.closed,
    close: () => channels.close(),
  };
}

/** The client opens a stream for each; `give` is called when all have come. */
export class SpdyChannels {
  readonly #missing: Set<string>;
  readonly #streams = new Map<string, SpdyStream>();
  readonly #give: (streams: Omit<CommandChannels, "closed" | "close">) => void;

  constructor(wanted: Wanted, give: (streams: Omit<CommandChannels, "closed" | "close">) => void) {
    const { stdin, stdout, stderr, tty } = wanted;
    const names = { error: true, stdin, stdout, stderr: stderr && !tty, resize: tty };
    this.#missing = new Set(Object.entries(names).flatMap(([name, isWanted]) => (isWanted ? [name] : [])));
    this.#give = give;
  }

  opened(stream: SpdyStream): void {
    const name = stream.headers.get("streamtype") ?? "";
    if (!this.#missing.delete(name)) {
      stream.destroy();
      return;
    }
    this.#streams.set(name, stream);
    // Clients end their side of the streams that only we write to whenever they like.
    if (name !== "stdin" && name !== "resize") stream.resume();
    if (this.#missing.size > 0) return;
    const { error, ...others } = Object.fromEntries(this.#streams);
    if (error) this.#give({ error, ...others });
  }
}
