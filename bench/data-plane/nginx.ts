import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../ports.ts";
import { type Contender, HERE, untilListens } from "./contender.ts";

/** nginx as the application behind every proxy, and as a proxy. One process, one thread. */

/** Paths of the application and how many bytes each answers with. */
export const BODIES: Readonly<Record<string, number>> = {
  "0 B": 0,
  "10 KiB": 10 * 1024,
  "1 MiB": 1024 * 1024,
};

/** `/0`, `/10240`, `/1048576`. */
export function pathOf(body: string): string {
  return `/${BODIES[body] ?? 0}`;
}

const TEMPORARY = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

function config(folder: string, http: string): string {
  return `user root;
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr crit;
events { worker_connections 12000; }
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 3600s;
  default_type text/plain;
  sendfile on;
  ${TEMPORARY.map((name) => `${name}_temp_path ${folder}/${name};`).join("\n  ")}
${http}
}
`;
}

/** Writes an application's folder: its bodies and its configuration, whose path is returned. */
export function writeApp(folder: string, port: number | string): string {
  mkdirSync(join(folder, "www"), { recursive: true });
  for (const bytes of Object.values(BODIES))
    writeFileSync(join(folder, "www", String(bytes)), Buffer.alloc(bytes, "x"));
  const file = join(folder, "app.conf");
  const server = `  server {
    listen 127.0.0.1:${port} backlog=4096;
    root ${folder}/www;
    location = / { return 200 "hello world\\n"; }
    location = /0 { return 200 ""; }
  }`;
  writeFileSync(file, config(folder, server));
  return file;
}

export async function startNginx(
  name: string,
  options: { readonly file: string; readonly port: number },
): Promise<Contender> {
  const child = spawn("nginx", ["-c", options.file], { stdio: ["ignore", "ignore", "inherit"] });
  await untilListens(name, options.port);
  const stop = () => void child.kill("SIGKILL");
  return { name, port: options.port, inside: HERE, pids: () => [child.pid ?? 0], stop };
}

export async function startNginxApp(folder: string): Promise<Contender> {
  const port = await freePort();
  return startNginx("direct", { file: writeApp(join(folder, "app"), port), port });
}

export async function startNginxProxy(folder: string, appPort: number): Promise<Contender> {
  const port = await freePort();
  const own = join(folder, "proxy");
  mkdirSync(own, { recursive: true });
  const file = join(own, "proxy.conf");
  const proxy = `  upstream app { server 127.0.0.1:${appPort}; keepalive 512; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }
  }`;
  writeFileSync(file, config(own, proxy));
  return startNginx("nginx", { file, port });
}
