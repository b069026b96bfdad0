import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { seededRandom } from "../../../src/base/random.ts";
import { agreedReason } from "./agreed.ts";
import { differences } from "./differential.ts";
import { CORPUS, nextInput, VALID } from "./inputs.ts";
import { ebbReader, hasNginx, llhttpReader, nginxReaders, type Reader } from "./parsers.ts";

/**
 * ebb's reading of HTTP/1.1 against llhttp's and nginx's: nothing that one of them refuses is taken, no request ends
 * elsewhere, and nothing that both take is refused, but for the list in agreed.ts. `npm run fuzz` goes on for an hour.
 */

const isCi = process.env.CI === "true";
const MS = Number(process.env.EBB_FUZZ_MS ?? (isCi ? "60000" : "5000"));
/** The same inputs again and again in CI, as far as its time goes; others each time elsewhere. */
const SEED = Number(process.env.EBB_FUZZ_SEED ?? (isCi ? 1 : Date.now() % 1_000_000));
const SIDE_BY_SIDE = 6;
const FINDINGS_MAX = 10;

interface Readers {
  readonly ebb: Reader;
  readonly llhttp: Reader;
  readonly nginx: Reader | undefined;
}

const all: Readers[] = [];

before(async () => {
  if (!hasNginx && isCi) throw new Error("nginx is missing: install nginx-light");
  const nginx = hasNginx ? await nginxReaders(SIDE_BY_SIDE) : [];
  for (let one = 0; one < SIDE_BY_SIDE; one++) {
    all.push({ ebb: await ebbReader(), llhttp: await llhttpReader(), nginx: nginx[one] });
  }
});

after(async () => {
  for (const readers of all) for (const reader of Object.values(readers)) await reader?.close();
});

/** What is wrong about these bytes, or undefined. Asked twice: a loaded machine may miss an answer. */
async function wrongAbout(bytes: string, { ebb, llhttp, nginx }: Readers): Promise<string | undefined> {
  let wrong: string | undefined;
  for (let time = 0; time < 2; time++) {
    const [one, two, three] = await Promise.all([ebb.read(bytes), llhttp.read(bytes), nginx?.read(bytes)]);
    const found = differences({ ebb: one, llhttp: two, nginx: three }).find(
      (difference) => agreedReason(bytes, difference) === undefined,
    );
    if (found === undefined) return undefined;
    wrong = `${found.kind}: ${found.detail}\n  ${JSON.stringify(bytes)}`;
  }
  return wrong;
}

async function readAll(inputs: Iterator<string>): Promise<{ runs: number; wrong: string[] }> {
  const wrong: string[] = [];
  let runs = 0;
  const work = async (readers: Readers): Promise<void> => {
    for (let next = inputs.next(); !next.done && wrong.length < FINDINGS_MAX; next = inputs.next()) {
      runs++;
      const found = await wrongAbout(next.value, readers);
      if (found !== undefined) wrong.push(found);
    }
  };
  await Promise.all(all.map(work));
  return { runs, wrong };
}

test("plain requests are taken by everybody alike", { timeout: 60_000 }, async () => {
  const [readers] = all;
  assert.ok(readers);
  for (const bytes of VALID) {
    const { requests } = await readers.ebb.read(bytes);
    assert.ok(requests.length > 0, `refused: ${JSON.stringify(bytes)}`);
    assert.deepEqual(requests, (await readers.llhttp.read(bytes)).requests);
    if (readers.nginx) assert.deepEqual(requests, (await readers.nginx.read(bytes)).requests);
  }
});

test("the kept corpus is read alike, but for the agreed list", { timeout: 120_000 }, async () => {
  const { wrong } = await readAll(CORPUS.map(({ bytes }) => bytes)[Symbol.iterator]());
  assert.deepEqual(wrong, []);
});

test("changed requests are read alike, but for the agreed list", {
  timeout: MS + 60_000,
}, async (context) => {
  const random = seededRandom(SEED);
  const end = Date.now() + MS;
  const inputs = (function* () {
    while (Date.now() < end) yield nextInput(random);
  })();
  const { runs, wrong } = await readAll(inputs);
  context.diagnostic(`${runs} inputs, seed ${SEED}${hasNginx ? "" : ", without nginx"}`);
  assert.deepEqual(wrong, []);
});
