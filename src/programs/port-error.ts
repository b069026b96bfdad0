import { EbbError, messageOf } from "../base/errors.ts";
import type { Address } from "../http/conn.ts";

/** Says which port cannot be had, why, and which flag changes it. */
export function portError({ ip, port }: Address, flag: string, thrown: unknown): EbbError {
  const reasons: Record<string, string> = {
    EADDRINUSE: `port ${port} of ${ip} is taken by another program`,
    EACCES: `this user may not listen on port ${port}`,
  };
  const code = String((thrown as NodeJS.ErrnoException).code);
  const reason = reasons[code] ?? `cannot listen on port ${port} of ${ip} (${messageOf(thrown)})`;
  return new EbbError("port-unusable", `${reason}; choose another with ${flag} N (0 = any free port)`);
}
