import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { decodeProtobuf } from "../../src/embedded/apiserver/rest/protobuf.ts";
import { BUILD_TIMEOUT_MS, runGo, skipWithoutGo } from "../support/go.ts";

/** The engine's protobuf decoder against Kubernetes' own Go types and serializer. */

const TABLE = new URL("../../src/embedded/apiserver/rest/protobuf-messages.json", import.meta.url);

interface Sample {
  readonly kind: string;
  readonly protobuf: string;
  readonly json: unknown;
}

describe("protobuf bodies of typed clients", { skip: skipWithoutGo, timeout: BUILD_TIMEOUT_MS }, () => {
  test("the table of messages is what the Go types say", async () => {
    const printed = JSON.parse(await runGo("run", "./protobuf"));
    assert.deepEqual(JSON.parse(readFileSync(TABLE, "utf8")), printed);
  });

  test("each kind with a value in every field comes out as Go writes it in JSON", async (context) => {
    const lines = (await runGo("run", "./protobuf", "samples")).trimEnd().split("\n");
    for (const line of lines) {
      const { kind, protobuf, json } = JSON.parse(line) as Sample;
      assert.deepEqual(decodeProtobuf(Buffer.from(protobuf, "base64")), json, kind);
    }
    assert.ok(lines.length > 50);
    context.diagnostic(`${lines.length} kinds agree`);
  });
});
