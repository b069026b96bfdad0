import { parseArgs } from "node:util";
import { flagError, homeOption, type Terminal, UsageError } from "./command.ts";

export interface KubeconfigRequest {
  readonly home: string;
  readonly name: string;
  readonly groups: readonly string[];
  readonly validDays: number;
}

const DAYS = 365;
const DAYS_MAX = 3650;

/** `ebb kubeconfig --user NAME`: prints a kubeconfig for somebody else; works whether or not the engine runs. */
export async function kubeconfig(
  args: readonly string[],
  terminal: Terminal,
  issue: (request: KubeconfigRequest) => string,
): Promise<number> {
  const { user: name, group: groups = [], days, home } = flagsOf(args);
  if (!name) throw new UsageError("write: ebb kubeconfig --user NAME [--group GROUP]… [--days N]");
  const validDays = days === undefined ? DAYS : Number(days);
  if (!Number.isInteger(validDays) || validDays < 1 || validDays > DAYS_MAX)
    throw new UsageError(`--days takes a number from 1 to ${DAYS_MAX}, not "${days}"`);
  terminal.out(issue({ home: homeOption(home, terminal), name, groups, validDays }));
  return 0;
}

function flagsOf(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        user: { type: "string" },
        group: { type: "string", multiple: true },
        days: { type: "string" },
        home: { type: "string" },
      },
    });
    return values;
  } catch (thrown) {
    throw flagError("ebb kubeconfig", thrown as Error);
  }
}
