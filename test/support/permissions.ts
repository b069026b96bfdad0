import { spawnSync } from "node:child_process";

/**
 * Words before a command that make permissions hold for it as for any user: none for a user, setpriv(1) for root, who
 * may do everything otherwise. Undefined where root cannot give that up: the test is skipped aloud then.
 */
export const asUser: readonly string[] | undefined = wordsForUser();

export const skipAsRoot =
  asUser === undefined && "root may do everything, and setpriv(1) is not there to change that";

function wordsForUser(): readonly string[] | undefined {
  if (process.getuid?.() !== 0) return [];
  const without = "-dac_override,-dac_read_search,-fowner,-net_bind_service";
  const words = ["setpriv", `--bounding-set=${without}`, `--inh-caps=${without}`];
  return spawnSync(words[0] as string, [...words.slice(1), "true"]).status === 0 ? words : undefined;
}
