import { spawn } from "node:child_process";
import { join } from "node:path";
import { freePort } from "../ports.ts";
import { type Contender, HERE, untilListens } from "./contender.ts";

export async function startNodeHttp(appPort: number): Promise<Contender> {
  const port = await freePort();
  const program = join(import.meta.dirname, "node-http-proxy.mjs");
  const child = spawn(process.execPath, [program, String(port), String(appPort)], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  await untilListens("the node:http proxy", port);
  const stop = () => void child.kill("SIGKILL");
  return { name: "node:http", port, inside: HERE, pids: () => [child.pid ?? 0], stop };
}
