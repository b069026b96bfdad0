import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { type AddressInfo, Server } from "node:net";
import { codePath, compiledScript } from "../src/programs/compiled-script.ts";
import { BASE_ENV } from "../test/support/queue-proxy-env.ts";

/**
 * `node tools/compile-queue-proxy.ts PROGRAM`: runs the bundled queue-proxy in front of an application until it has
 * passed some requests on, and writes V8's compiled form of all functions that were used.
 */
const program = process.argv[2] ?? "";
const REQUESTS = 10;

const application = createServer((_request, response) => response.end("ok")).listen(0, "127.0.0.1");
await once(application, "listening");
const port = portOf(application);
Object.assign(process.env, BASE_ENV, {
  USER_PORT: String(port),
  SERVING_READINESS_PROBE: JSON.stringify({ tcpSocket: { port, host: "127.0.0.1" }, successThreshold: 1 }),
});

/** Its ports may be taken on this machine: the system chooses others. */
const servers: Server[] = [];
const { listen } = Server.prototype;
Object.assign(Server.prototype, {
  listen(this: Server, _options: unknown, told: () => void) {
    servers.push(this);
    return listen.call(this, { host: "127.0.0.1", port: 0 }, told);
  },
});

const script = compiledScript(program);
script.run(createRequire(program));
const [serving] = servers;
if (!serving) throw new Error(`${program} does not listen`);
await once(serving, "listening");
for (let left = REQUESTS; left > 0; left--) await fetch(`http://127.0.0.1:${portOf(serving)}/`);
writeFileSync(codePath(program), script.code());
if (!compiledScript(program).isCompiled) throw new Error(`V8 refuses the compiled form of ${program}`);
process.exit();

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
