import { readdirSync, readFileSync } from "node:fs";

/**
 * How many processes run this service for the engine with that home, by the environment that they were given: a book
 * of its own beside the API's. Linux only, elsewhere 0.
 */
export function processesOf(service: string, home: string): number {
  if (process.platform !== "linux") return 0;
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && runs(pid, service, home)).length;
}

function runs(pid: string, service: string, home: string): boolean {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
    return environment.includes(`K_SERVICE=${service}\0`) && environment.includes(home);
  } catch {
    // The process has ended meanwhile, or belongs to somebody else.
    return false;
  }
}
