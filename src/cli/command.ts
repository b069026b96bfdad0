import { EbbError } from "../base/errors.ts";

/** The world as a command sees it; `programs/ebb.ts` passes the real one. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeFolder: string;
}

/** Resolves to the exit code. Throws EbbError for what the user must be told in one sentence. */
export type Command = (args: readonly string[], terminal: Terminal) => Promise<number>;

export class UsageError extends EbbError {
  constructor(message: string) {
    super("usage", message);
  }
}

/** What `command` resolves to; 1 when it failed, of which the user is told. */
export async function exitCodeOf(command: () => Promise<number>, terminal: Terminal): Promise<number> {
  try {
    return await command();
  } catch (thrown) {
    if (!(thrown instanceof EbbError)) throw thrown;
    terminal.err(`ebb: ${thrown.message}\n`);
    return 1;
  }
}

/** `--home`, else EBB_HOME, else ~/.ebb. */
export function homeOption(flag: string | undefined, terminal: Terminal): string {
  return flag ?? terminal.env.EBB_HOME ?? `${terminal.homeFolder}/.ebb`;
}

/** A TCP port of a flag; 0 = any free one. */
export function portOption(flag: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) {
    throw new UsageError(`${flag} takes a port from 0 to 65535 (0 = any free port), not "${text}"`);
  }
  return port;
}

/** What `parseArgs` refused, in its own first sentence; its advice on positional arguments misleads here. */
export function flagError(command: string, refused: Error): UsageError {
  return new UsageError(`${command}: ${refused.message.split(". ", 1)[0]}; ebb help lists the flags`);
}
