import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../../src/base/clock.ts";
import type { Handler } from "../../../src/http/message.ts";
import { systemNetwork } from "../../../src/http/network.ts";
import { respondWith } from "../../../src/http/responses.ts";
import { HttpServer } from "../../../src/http/server.ts";
import { BUILD_TIMEOUT_MS, runGo, skipWithoutGo } from "../../support/go.ts";
import { run } from "../../support/run.ts";

/** h2spec, built here from its Go module, asks the engine's HTTP/2 side about every rule of the standard. */

const folder = mkdtempSync(join(tmpdir(), "ebb-h2spec-"));
after(() => rmSync(folder, { recursive: true }));
const cwd = fileURLToPath(new URL(".", import.meta.url));

/**
 * Where nghttp2, which Node's HTTP/2 is built on, knowingly answers otherwise. In none of them a request or an answer
 * is taken for another one.
 */
const AGREED: Readonly<Record<string, string>> = {
  "http2/3.5 Sends invalid connection preface":
    "one port takes both versions: what is no preface is a bad request of HTTP/1.1, answered and closed as such",
  "http2/5.1 closed: Sends a DATA frame after sending RST_STREAM frame":
    "late frames of a stream that is over are dropped, as RFC 9113 §5.1 lets a receiver do",
  "http2/5.1 closed: Sends a HEADERS frame after sending RST_STREAM frame": "as above",
  "http2/5.1 closed: Sends a DATA frame": "as above",
  "http2/5.1 closed: Sends a HEADERS frame": "as above",
  "http2/5.1.1 Sends stream identifier that is numerically smaller than previous":
    "such a stream counts as closed: its frames are dropped and no exchange is made of them",
  "http2/5.3.1 Sends PRIORITY frame that depend on itself":
    "priorities are ignored: RFC 9113 §5.3.2 took them away",
  "http2/6.3 Sends a PRIORITY frame with 0x0 stream identifier": "as above",
  "http2/6.7 Sends a PING frame with ACK":
    "an answer to a PING that was never sent ends the connection: stricter",
  "http2/6.9.1 Sends multiple WINDOW_UPDATE frames increasing the flow control window to above 2^31-1 on a stream":
    "ends the connection instead of the stream alone: stricter",
};

/**
 * Long enough for the next frame of the judge to arrive while the stream is half-closed, as §5.1 has it. On a loaded
 * machine the frame may come later: then all is asked again with the next one, and what is judged right once is right.
 */
const ANSWER_AFTER_MS = [30, 150, 600];

/** The whole body is read before the answer, as an application does it. */
function answeringAfter(ms: number): Handler {
  return (exchange) => {
    const { body } = exchange;
    const answer = () => respondWith(exchange, { status: 200, body: "an answer of some bytes\n".repeat(8) });
    body.start({
      data: (chunk) => body.credit(chunk.length),
      end: () => systemClock.schedule(ms, answer),
      fail() {},
    });
    body.credit(64 * 1024);
  };
}

test("the engine keeps the rules of HTTP/2", {
  skip: skipWithoutGo,
  timeout: BUILD_TIMEOUT_MS,
}, async (context) => {
  const judge = join(folder, "h2spec");
  await runGo("build", "-C", cwd, "-o", judge, "github.com/summerwind/h2spec/cmd/h2spec");

  let { asked, failed } = await judged(judge, ANSWER_AFTER_MS[0] ?? 0);
  for (const ms of ANSWER_AFTER_MS.slice(1)) {
    if (failed.every((name) => AGREED[name] !== undefined)) break;
    const again = await judged(judge, ms);
    failed = failed.filter((name) => again.failed.includes(name));
    asked = Math.min(asked, again.asked);
  }
  context.diagnostic(
    `h2spec: ${asked - failed.length} of ${asked}, ${Object.keys(AGREED).length} differences agreed on`,
  );
  assert.ok(asked > 140, `${asked} rules were asked about`);
  assert.deepEqual(
    failed.filter((name) => AGREED[name] === undefined),
    [],
  );
  assert.deepEqual(
    Object.keys(AGREED).filter((name) => !failed.includes(name)),
    [],
    "these are kept now: take them off the list",
  );
});

interface Verdicts {
  readonly asked: number;
  readonly failed: readonly string[];
}

async function judged(judge: string, answerAfterMs: number): Promise<Verdicts> {
  const handler = answeringAfter(answerAfterMs);
  const server = new HttpServer({ clock: systemClock, handler, http2: true });
  const listener = await systemNetwork(systemClock).listen({ ip: "127.0.0.1", port: 0 }, server.accept);
  const report = join(folder, "report.xml");
  try {
    await run(judge, ["-h", "127.0.0.1", "-p", String(listener.address.port), "-o", "2", "-j", report], {
      cwd,
    });
  } finally {
    await listener.close();
    server.closeNow();
  }
  return verdicts(readFileSync(report, "utf8"));
}

/** From the judge's JUnit report. */
function verdicts(xml: string): Verdicts {
  const cases = [...xml.matchAll(/<testcase package="([^"]*)" classname="([^"]*)"[^>]*>(.*?)<\/testcase>/gs)];
  const failed = cases
    .filter(([, , , inside = ""]) => inside.includes("<"))
    .map(([, part, name]) => `${part} ${name}`);
  return { asked: cases.length, failed };
}
