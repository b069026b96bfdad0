import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../../src/base/clock.ts";
import { systemRandom } from "../../../src/base/random.ts";
import { forward } from "../../../src/http/forward.ts";
import { inProcessUpstream } from "../../../src/http/in-process-upstream.ts";
import type { Handler } from "../../../src/http/message.ts";
import { systemNetwork } from "../../../src/http/network.ts";
import { UpstreamPool } from "../../../src/http/pool.ts";
import { respondWith } from "../../../src/http/responses.ts";
import { HttpServer } from "../../../src/http/server.ts";
import { BUILD_TIMEOUT_MS, runGo, skipWithoutGo } from "../../support/go.ts";
import { run } from "../../support/run.ts";

/** gRPC's own interoperability suite: its Go client against its Go server, with the engine between them, twice. */

const folder = mkdtempSync(join(tmpdir(), "ebb-grpc-"));
const cwd = fileURLToPath(new URL(".", import.meta.url));
const network = systemNetwork(systemClock);
const pool = new UpstreamPool({ network, clock: systemClock, random: systemRandom });
const closers: (() => unknown)[] = [() => pool.close()];
let port = 0;

after(async () => {
  for (const close of closers.reverse()) await close();
  rmSync(folder, { recursive: true });
});

const CASES = [
  ..."empty_unary large_unary client_streaming server_streaming ping_pong empty_stream".split(" "),
  ..."timeout_on_sleeping_server cancel_after_begin cancel_after_first_response custom_metadata".split(" "),
  ..."status_code_and_message special_status_message unimplemented_method unimplemented_service".split(" "),
];

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return address.port;
}

async function startServer(): Promise<number> {
  const serverPort = await freePort();
  const server = spawn(join(folder, "server"), [`--port=${serverPort}`], { stdio: "ignore" });
  closers.push(() => server.kill("SIGKILL"));
  for (let tries = 0; tries < 250; tries++) {
    const socket = connect(serverPort, "127.0.0.1");
    const isOpen = await new Promise((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return serverPort;
    await pause(20);
  }
  throw new Error("the gRPC server did not start");
}

/** Socket → engine → in this process → engine → socket: what a request passes from a client to its application. */
async function startEngine(serverPort: number): Promise<number> {
  const upstream = pool.to({ ip: "127.0.0.1", port: serverPort });
  const inner: Handler = (exchange) =>
    forward(exchange, upstream, {
      failed: (error) => respondWith(exchange, { status: 502, body: error.message }),
    });
  const hop = inProcessUpstream(inner, { remoteAddress: "" });
  const handler: Handler = (exchange) =>
    forward(exchange, hop, {
      failed: (error) => respondWith(exchange, { status: 502, body: error.message }),
    });
  const server = new HttpServer({ clock: systemClock, handler, http2: true });
  const listener = await network.listen({ ip: "127.0.0.1", port: 0 }, server.accept);
  closers.push(
    () => server.closeNow(),
    () => listener.close(),
  );
  return listener.address.port;
}

describe("gRPC passes through the engine as its interoperability suite wants it", {
  skip: skipWithoutGo,
}, () => {
  before(
    async () => {
      const programs = ["client", "server"].map((name) => `google.golang.org/grpc/interop/${name}`);
      await runGo("build", "-C", cwd, "-o", `${folder}/`, ...programs);
      port = await startEngine(await startServer());
    },
    { timeout: BUILD_TIMEOUT_MS },
  );

  for (const name of CASES) {
    test(name, { timeout: 60_000 }, async () => {
      const args = [`--server_host=127.0.0.1`, `--server_port=${port}`, `--test_case=${name}`];
      const { code, stdout, stderr } = await run(join(folder, "client"), args, { cwd });
      assert.equal(code, 0, `${stdout}\n${stderr}`);
    });
  }
});
