import { statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { StartError } from "../../errors.ts";

/** The absolute path of a command's program, found as execvp(3) would; throws StartError in runc's words. */
export function findExecutable(program: string, workingDirectory: string, path: string | undefined): string {
  if (program.includes("/")) {
    const absolute = isAbsolute(program) ? program : join(workingDirectory, program);
    const problem = problemOf(absolute);
    if (problem === undefined) return absolute;
    throw new StartError(`exec: "${program}": ${problem}`);
  }
  for (const folder of (path ?? "").split(":")) {
    const absolute = join(isAbsolute(folder) ? folder : join(workingDirectory, folder), program);
    if (problemOf(absolute) === undefined) return absolute;
  }
  throw new StartError(`exec: "${program}": executable file not found in $PATH`);
}

function problemOf(absolute: string): string | undefined {
  const facts = statSync(absolute, { throwIfNoEntry: false });
  if (!facts) return "no such file or directory";
  if (!facts.isFile()) return "is a directory";
  return facts.mode & 0o111 ? undefined : "permission denied";
}
