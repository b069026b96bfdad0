import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { PodKind } from "../../src/api/pod/kind.ts";
import { ServiceKind } from "../../src/api/service/kind.ts";
import { type Ebb, start } from "../../src/programs/library.ts";
import {
  program,
  readyUrl,
  removeFolder,
  service,
  shortenWindows,
  temporaryFolder,
  until,
} from "../support/engine.ts";
import { GRPC_APPLICATION } from "../support/grpc-application.ts";

/** A Service whose port is named h2c, called by grpc-js through the whole engine, from zero as well. */

const folder = temporaryFolder("grpc");
let ebb: Ebb;
let client: grpc.Client;

const asBytes = (text: string) => Buffer.from(text);
const asText = (bytes: Buffer) => bytes.toString();

function metadata(): grpc.Metadata {
  const sent = new grpc.Metadata();
  sent.set("x-sent", "from the client");
  return sent;
}

interface Answered {
  readonly message: string | undefined;
  readonly code: number;
  readonly details: string;
  readonly trailer: unknown;
}

function unary(method: string, text: string): Promise<Answered> {
  return new Promise((resolve) => {
    let message: string | undefined;
    const call = client.makeUnaryRequest(
      `/test.Echo/${method}`,
      asBytes as never,
      asText,
      text,
      metadata(),
      (_error, value) => {
        message = value as string | undefined;
      },
    );
    call.on("status", ({ code, details, metadata: trailers }) =>
      setImmediate(() => resolve({ message, code, details, trailer: trailers.get("x-echo")[0] })),
    );
  });
}

describe("gRPC through the whole engine", () => {
  before(async () => {
    ebb = await start({ home: `${folder}/home` });
    const { path, command } = program(folder, GRPC_APPLICATION);
    await ebb.images.add("echo", path, { command });
    await shortenWindows(ebb.client("admin"));
    const ports = [{ name: "h2c", containerPort: 8080 }];
    await ebb.client("admin").create(ServiceKind, service("echo", { image: "echo", container: { ports } }));
    const url = new URL(await readyUrl(ebb.client("admin"), "echo"));
    client = new grpc.Client(new URL(ebb.gateway).host, grpc.credentials.createInsecure(), {
      "grpc.default_authority": url.host,
    });
  });

  after(async () => {
    client?.close();
    await ebb.stop();
    removeFolder(folder);
  });

  test("a unary call comes back with its message, status and trailers", async () => {
    const answered = await unary("Say", "hello");
    assert.deepEqual(answered, { message: "HELLO", code: 0, details: "", trailer: "from the client" });
  });

  test("a failing call tells its status and why", async () => {
    const { code, details } = await unary("Fail", "hello");
    assert.deepEqual([code, details], [grpc.status.FAILED_PRECONDITION, "not now"]);
  });

  test("a stream answers each message before the next one is sent", { timeout: 20_000 }, async () => {
    const call = client.makeBidiStreamRequest("/test.Echo/Talk", asBytes as never, asText, metadata());
    call.on("error", () => {});
    for (const word of ["one", "two", "three"]) {
      const next = new Promise((resolve) => call.once("data", resolve));
      call.write(word);
      assert.equal(await next, word.toUpperCase());
    }
    const status = new Promise<grpc.StatusObject>((resolve) => call.on("status", resolve));
    call.end();
    call.resume();
    assert.equal((await status).code, 0);
  });

  test("a call to a service at zero starts it and is answered", { timeout: 60_000 }, async () => {
    const labelSelector = "serving.knative.dev/service=echo";
    const pods = async () =>
      (await ebb.client("admin").list(PodKind, { namespace: "default", labelSelector })).items;
    await until("echo at zero", async () => ((await pods()).length === 0 ? true : undefined));
    const answered = await unary("Say", "wake up");
    assert.equal(answered.message, "WAKE UP");
    assert.equal(answered.code, 0);
  });
});
