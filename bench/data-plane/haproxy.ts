import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../ports.ts";
import { type Contender, HERE, untilListens } from "./contender.ts";

/** HAProxy with one thread and reused connections: the measure of what a hop must cost. */
export async function startHaproxy(
  folder: string,
  appPort: number,
  { http2 }: { readonly http2?: boolean } = {},
): Promise<Contender> {
  const proto = http2 ? " proto h2" : "";
  const port = await freePort();
  const file = join(folder, `haproxy-${port}.cfg`);
  writeFileSync(
    file,
    `global
  nbthread 1
  maxconn 8000
defaults
  mode http
  option http-keep-alive
  http-reuse always
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  timeout tunnel 600s
frontend in
  bind 127.0.0.1:${port} backlog 4096${proto}
  default_backend app
backend app
  server one 127.0.0.1:${appPort}${proto}
`,
  );
  const child = spawn("haproxy", ["-db", "-q", "-f", file], { stdio: ["ignore", "inherit", "inherit"] });
  await untilListens("HAProxy", port);
  const stop = () => void child.kill("SIGKILL");
  return { name: "haproxy", port, inside: HERE, pids: () => [child.pid ?? 0], stop };
}
