import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ConfigMapKind } from "../../src/api/config-map/kind.ts";
import { KINDS } from "../../src/api/kinds.ts";
import { NamespaceKind } from "../../src/api/namespace/kind.ts";
import { isApiError } from "../../src/api/status.ts";
import { systemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { ApiServer } from "../../src/embedded/apiserver/api-server.ts";
import { SqliteStorage } from "../../src/embedded/apiserver/storage/sqlite-storage.ts";

/**
 * An API server killed with SIGKILL while clients write, again and again on the same state. Run as a program it writes
 * until it is killed, and says what it is about to do (`try`) and what was acknowledged (`ack`); the caller then opens
 * the state and holds it to what was said.
 */

const WRITERS = 8;
const MAPS = "/api/v1/namespaces/default/configmaps";
const IDENTITY = { type: "known", name: "writer", groups: ["system:masters"] } as const;

async function openServer(path: string): Promise<{ apiServer: ApiServer; storage: SqliteStorage }> {
  const storage = new SqliteStorage({ path });
  const common = { clock: systemClock, random: systemRandom, log: silentLog };
  // History is short, so that compactions are among what is killed.
  const apiServer = new ApiServer({ ...common, storage, kinds: KINDS, historyMs: 200 });
  await apiServer.start();
  return { apiServer, storage };
}

async function writeForEver(path: string): Promise<void> {
  const { apiServer } = await openServer(path);
  const client = apiServer.clientFor("setup");
  await client.create(NamespaceKind, { metadata: { name: "default" }, spec: {} }).catch((thrown) => {
    if (!isApiError(thrown, "AlreadyExists")) throw thrown;
  });
  const call = async (method: string, url: string, object?: unknown) => {
    const body = Buffer.from(object === undefined ? "" : JSON.stringify(object));
    const headers = { "content-type": "application/json" };
    const signal = new AbortController().signal;
    const response = await apiServer.handle({ method, url, headers, body, signal }, IDENTITY);
    assert.ok(typeof response.body === "string");
    return { status: response.status, body: JSON.parse(response.body) };
  };
  const writer = async (name: string) => {
    let present = (await call("GET", `${MAPS}/${name}`)).status === 200;
    for (let turn = 1; ; turn++) {
      const isDelete = present && turn % 5 === 0;
      await say(`try ${name} ${isDelete ? "delete" : "put"}`);
      const data = { a: `${turn}`, b: `${turn}`, filling: "x".repeat((turn * 37) % 2000) };
      const object = { metadata: { name }, data };
      const answer = isDelete
        ? await call("DELETE", `${MAPS}/${name}`)
        : await call(present ? "PUT" : "POST", present ? `${MAPS}/${name}` : MAPS, object);
      assert.ok(answer.status < 300, JSON.stringify(answer.body));
      present = !isDelete;
      await say(`ack ${name} ${isDelete ? "delete 0" : `put ${answer.body.metadata.resourceVersion}`}`);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, index) => writer(`w${index}`)));
}

/** The line is in the pipe when this resolves, so a kill cannot take it back. */
async function say(line: string): Promise<void> {
  for (;;) {
    try {
      writeSync(1, `${line}\n`);
      return;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== "EAGAIN") throw thrown;
      await delay(1);
    }
  }
}

/** What a writer said last of its object. */
interface Said {
  acknowledged?: { readonly type: string; readonly revision: number };
  /** Asked for, not acknowledged. */
  open?: string;
}

function killAfter(path: string, acknowledgements: number): Promise<ReadonlyMap<string, Said>> {
  const program = fileURLToPath(import.meta.url);
  const child = spawn(process.execPath, [program, "write", path], { stdio: ["ignore", "pipe", "inherit"] });
  const said = new Map<string, Said>();
  let rest = "";
  let count = 0;
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [what, name = "", type = "", revision] = line.split(" ");
      const about = said.get(name) ?? {};
      said.set(name, about);
      if (what === "try") about.open = type;
      else {
        about.acknowledged = { type, revision: Number(revision) };
        delete about.open;
        if (++count === acknowledgements) child.kill("SIGKILL");
      }
    }
  });
  return new Promise((resolve, reject) => {
    child.on("close", (code, signal) =>
      signal === "SIGKILL"
        ? resolve(said)
        : reject(new Error(`the writer ended by itself with code ${code}`)),
    );
  });
}

/** Kills `rounds` times; rejects when an acknowledged write is lost, one is half there, or a revision goes back. */
export async function surviveKills(rounds: number, note: (text: string) => void = () => {}): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "ebb-killed-"));
  const path = join(folder, "state.db");
  let newest = 0;
  for (let round = 1; round <= rounds; round++) {
    const said = await killAfter(path, 3 + ((round * 29) % 240));
    const { apiServer, storage } = await openServer(path);
    const client = apiServer.clientFor("judge");
    for (const [name, about] of said) {
      const where = `round ${round}, ${name}`;
      const object = await client.get(ConfigMapKind, { namespace: "default", name }).catch(() => undefined);
      checkObject(object, about, where);
      newest = Math.max(newest, about.acknowledged?.revision ?? 0);
    }
    const made = await client.create(ConfigMapKind, {
      metadata: { namespace: "default", name: `round${round}` },
      data: { round: `${round}` },
    });
    const revision = Number(made.metadata.resourceVersion);
    assert.ok(revision > newest, `round ${round}: revision ${revision} comes after ${newest}`);
    newest = revision;
    const { items } = await client.list(ConfigMapKind, { namespace: "default" });
    assert.equal(items.filter(({ metadata }) => metadata.name.startsWith("round")).length, round);
    await apiServer.stop();
    assert.equal(storage.durable, storage.sequenced);
    if (round % 25 === 0) note(`${round} kills survived`);
  }
  rmSync(folder, { recursive: true });
}

function checkObject(
  object: { metadata: { resourceVersion: string }; data?: Record<string, string> } | undefined,
  { acknowledged, open }: Said,
  where: string,
): void {
  if (object) {
    assert.equal(object.data?.a, object.data?.b, `${where}: half a write`);
    const revision = Number(object.metadata.resourceVersion);
    if (acknowledged?.type === "put")
      assert.ok(
        revision >= acknowledged.revision,
        `${where}: ${acknowledged.revision} is lost, there is ${revision}`,
      );
    if (acknowledged?.type === "delete")
      assert.equal(open, "put", `${where}: an acknowledged delete is undone`);
  } else if (acknowledged?.type === "put")
    assert.equal(open, "delete", `${where}: an acknowledged write is lost`);
}

if (process.argv[2] === "write" && import.meta.main) await writeForEver(process.argv[3] ?? "");
