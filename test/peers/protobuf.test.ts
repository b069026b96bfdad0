import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { decodeProtobuf } from "../../src/embedded/apiserver/rest/protobuf.ts";
import { encodeProtobuf } from "../../src/embedded/apiserver/rest/protobuf-encode.ts";
import { BUILD_TIMEOUT_MS, runGo, skipWithoutGo } from "../support/go.ts";

/** The engine's protobuf decoder against Kubernetes' own Go types and serializer. */

const TABLE = new URL("../../src/api/go-types.json", import.meta.url);

interface Sample {
  readonly kind: string;
  readonly protobuf: string;
  readonly json: unknown;
}

const BUILDING = { timeout: BUILD_TIMEOUT_MS };

describe("protobuf bodies of typed clients", { skip: skipWithoutGo, ...BUILDING }, () => {
  test("the table of messages is what the Go types say", BUILDING, async () => {
    const printed = JSON.parse(await runGo("run", "./protobuf"));
    assert.deepEqual(JSON.parse(readFileSync(TABLE, "utf8")), printed);
  });

  test(
    "each kind with a value in every field comes out as Go writes it in JSON",
    BUILDING,
    async (context) => {
      const lines = (await runGo("run", "./protobuf", "samples")).trimEnd().split("\n");
      for (const line of lines) {
        const { kind, protobuf, json } = JSON.parse(line) as Sample;
        assert.deepEqual(decodeProtobuf(Buffer.from(protobuf, "base64")), json, kind);
      }
      assert.ok(lines.length > 50);
      context.diagnostic(`${lines.length} kinds agree`);
    },
  );

  test("what the engine writes as protobuf, Go reads as what it was", async (context) => {
    const lines = (await runGo("run", "./protobuf", "samples")).trimEnd().split("\n");
    const samples = lines.map((line) => JSON.parse(line) as Sample);
    const encoded = samples.map(({ json }) => encodeProtobuf(json as Record<string, unknown>));
    const written = encoded.flatMap((bytes) => (bytes === undefined ? [] : [bytes.toString("base64")]));
    const folder = mkdtempSync(join(tmpdir(), "ebb-protobuf-"));
    const file = join(folder, "objects");
    writeFileSync(file, written.join("\n"));
    try {
      const read = (await runGo("run", "./protobuf", "read", file)).trimEnd().split("\n");
      const wanted = samples.filter((_, index) => encoded[index] !== undefined);
      assert.equal(read.length, wanted.length);
      for (const [index, { kind, json }] of wanted.entries())
        assert.deepEqual(JSON.parse(read[index] ?? ""), json, kind);
      context.diagnostic(`${read.length} kinds agree`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
