import { exitCodeOf, type Terminal } from "../cli/command.ts";
import { type UpOptions, up } from "../cli/up.ts";
import { keepCompiled } from "./keep-compiled.ts";
import { start } from "./library.ts";
import { onStopRequest } from "./stop-requests.ts";

/** The package's main file: `start` as the library has it, and `ebb up`, which the other commands do not read. */
export { start };

export function engineUp(args: readonly string[], terminal: Terminal): Promise<number> {
  const ports = {
    startEngine: async (options: UpOptions) => {
      const engine = await start({ ...options, ownsProcess: true });
      keepCompiled();
      return engine;
    },
    onStopRequest,
    onReplaceRequest: (listener: () => void) => void process.on("SIGUSR2", listener),
    exitNow: (code: number) => process.exit(code),
  };
  return exitCodeOf(() => up(args, terminal, ports), terminal);
}
