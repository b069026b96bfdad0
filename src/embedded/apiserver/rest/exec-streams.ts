import { ApiError } from "../../../api/status.ts";
import { messageOf } from "../../../base/errors.ts";
import type { AnyObject } from "../any-object.ts";
import { badRequest } from "../failures.ts";
import type { PodExec, PodExecRequest, RunningCommand } from "../pod-exec.ts";
import type { ApiResponse, StreamSocket } from "./exchange.ts";
import { flagOf } from "./list-options.ts";
import { containerOf } from "./log-response.ts";
import { CLOSE_NORMAL } from "./websocket.ts";

/** A command in a pod: its streams are channels of a WebSocket (Kubernetes' remote command, versions 4 and 5). */

const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** In the order of preference. Version 5 can end stdin. */
const PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

/**
 * Runs the command once the connection stands: what keeps it from running is told on the error channel, since a refused
 * handshake would only make kubectl try another way. Throws ApiError for what cannot be asked.
 */
export function execResponse(podExec: PodExec, query: URLSearchParams, pod: AnyObject): ApiResponse {
  const { name = "", uid = "" } = pod.metadata;
  const request: PodExecRequest = {
    uid,
    pod: name,
    container: containerOf(query.get("container"), pod),
    command: query.getAll("command"),
    stdin: flagOf(query.get("stdin")),
    stdout: flagOf(query.get("stdout")),
    stderr: flagOf(query.get("stderr")),
    tty: flagOf(query.get("tty")),
  };
  if (request.command.length === 0)
    throw badRequest("you must specify at least one command for the container");
  if (!request.stdin && !request.stdout && !request.stderr)
    throw badRequest("you must specify at least 1 of stdin, stdout, stderr");
  const open = (socket: StreamSocket) => new Carrier(request, socket).run(podExec);
  return { status: 101, headers: {}, body: "", streams: { protocols: PROTOCOLS, open } };
}

/** Between one command and one connection. */
class Carrier {
  readonly #request: PodExecRequest;
  readonly #socket: StreamSocket;
  /** What came before the command ran. */
  readonly #early: Buffer[] = [];
  #running: RunningCommand | undefined;
  #isClosed = false;

  constructor(request: PodExecRequest, socket: StreamSocket) {
    this.#request = request;
    this.#socket = socket;
  }

  run(podExec: PodExec): void {
    this.#socket.onMessage((message) => this.#received(message));
    this.#socket.onClosed(() => {
      this.#isClosed = true;
      this.#running?.kill();
    });
    podExec.start(this.#request).then(
      (running) => this.#started(running),
      (thrown) => this.#finish(thrown instanceof ApiError ? thrown.status : internal(messageOf(thrown))),
    );
  }

  #started(running: RunningCommand): void {
    if (this.#isClosed) return running.kill();
    this.#running = running;
    running.onOutput(async (stream, bytes) => {
      if (!this.#request[stream]) return;
      this.#send(CHANNEL[stream], bytes);
      await this.#socket.drained();
    });
    for (const message of this.#early.splice(0)) this.#received(message);
    void running.ended.then((exitCode) => this.#finish(statusOf(exitCode)));
  }

  /** A terminal keeps its first size; channels but these two are the server's to write. */
  #received(message: Buffer): void {
    if (!this.#running) this.#early.push(message);
    else if (message[0] === CHANNEL.stdin && this.#request.stdin) this.#running.write(message.subarray(1));
    else if (message[0] === CHANNEL.close && message[1] === CHANNEL.stdin) this.#running.endInput();
  }

  #finish(status: object): void {
    this.#send(CHANNEL.error, Buffer.from(JSON.stringify(status)));
    this.#socket.close(CLOSE_NORMAL);
  }

  #send(channel: number, bytes: Uint8Array): void {
    this.#socket.send(Buffer.concat([Buffer.from([channel]), bytes]));
  }
}

function internal(message: string): object {
  return { metadata: {}, status: "Failure", reason: "InternalError", message, code: 500 };
}

function statusOf(exitCode: number): object {
  if (exitCode === 0) return { metadata: {}, status: "Success" };
  const message = `command terminated with non-zero exit code: exit status ${exitCode}`;
  const details = { causes: [{ reason: "ExitCode", message: String(exitCode) }] };
  return { metadata: {}, status: "Failure", reason: "NonZeroExitCode", message, details };
}

/** For requests that ask for streams in a way that is not spoken here: SPDY, or no upgrade at all. */
export function upgradeRefusal(upgrade: string | undefined): Error {
  if (upgrade === undefined) return badRequest("Upgrade request required");
  return badRequest(
    `unable to upgrade to ${upgrade}: streams into pods are WebSockets (${PROTOCOLS.join(", ")})`,
  );
}
