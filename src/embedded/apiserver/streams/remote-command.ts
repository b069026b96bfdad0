import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ApiError } from "../../../api/status.ts";
import { messageOf } from "../../../base/errors.ts";
import type { RunningCommand, TerminalSize } from "../pod-streams.ts";

/** The streams of one remote command, whatever carries them (Kubernetes' remote command, versions 4 and 5). */
export interface CommandChannels {
  /** Takes how the command ended, as JSON. */
  readonly error: Writable;
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  readonly stderr?: Writable;
  /** JSON objects with Width and Height. */
  readonly resize?: Readable;
  readonly closed: Promise<unknown>;
  /** After everything that was written. */
  close(): void;
}

/**
 * Joins a command with the client's streams until it ended. What keeps it from running is told on the error channel: a
 * refused handshake would only make kubectl try another way.
 */
export async function serveCommand(
  channels: CommandChannels,
  start: () => Promise<RunningCommand>,
): Promise<void> {
  // They fail when the client leaves, which `closed` tells.
  const { stdin, stdout, stderr, resize } = channels;
  for (const stream of [channels.error, stdin, stdout, stderr, resize]) stream?.on("error", () => {});
  let status: object;
  try {
    const running = await start();
    void channels.closed.then(() => running.leave());
    feed(stdin, running.stdin);
    resize?.setEncoding("utf8").on(
      "data",
      sizesOf((size) => running.resize(size)),
    );
    const outputs = [copied(running.stdout, stdout), copied(running.stderr, stderr)];
    const exitCode = await running.ended;
    await Promise.all(outputs);
    status = statusOf(exitCode);
  } catch (thrown) {
    status = thrown instanceof ApiError ? thrown.status : internal(messageOf(thrown));
  }
  channels.error.end(JSON.stringify(status), () => channels.close());
}

/** Input that the program does not want is read all the same: the client's other streams come the same way. */
function feed(from: Readable | undefined, to: Writable | undefined): void {
  if (!to) {
    from?.resume();
    return;
  }
  to.on("error", () => {});
  if (!from) {
    to.end();
    return;
  }
  from.pipe(to);
  to.on("close", () => {
    from.unpipe(to);
    from.resume();
  });
}

/** Resolves when all is read; for an output that the client did not ask for, or does not take any more, too. */
async function copied(from: Readable | undefined, to: Writable | undefined): Promise<void> {
  if (!from) return;
  if (!to) {
    from.on("error", () => {}).resume();
    return;
  }
  await pipeline(from, to).catch(() => {});
}

/** Sizes out of a text of JSON objects, which may come in any pieces. */
function sizesOf(tell: (size: TerminalSize) => void): (text: string) => void {
  let rest = "";
  return (text) => {
    rest = (rest + text).slice(-SIZE_TEXT_MAX);
    for (let end = rest.indexOf("}"); end >= 0; end = rest.indexOf("}")) {
      const width = /"Width":\s*(\d+)/.exec(rest.slice(0, end))?.[1];
      const height = /"Height":\s*(\d+)/.exec(rest.slice(0, end))?.[1];
      rest = rest.slice(end + 1);
      if (width && height) tell({ width: Number(width), height: Number(height) });
    }
  };
}

const SIZE_TEXT_MAX = 1024;

function internal(message: string): object {
  return { metadata: {}, status: "Failure", reason: "InternalError", message, code: 500 };
}

function statusOf(exitCode: number): object {
  if (exitCode === 0) return { metadata: {}, status: "Success" };
  const message = `command terminated with non-zero exit code: exit status ${exitCode}`;
  const details = { causes: [{ reason: "ExitCode", message: String(exitCode) }] };
  return { metadata: {}, status: "Failure", reason: "NonZeroExitCode", message, details };
}
