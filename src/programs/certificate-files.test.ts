import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { VirtualClock } from "../../sim/virtual-clock.ts";
import { testAuthority } from "../../test/support/certificates.ts";
import { type Log, silentLog } from "../base/log.ts";
import type { TlsIdentity } from "../http/tls-identity.ts";
import { CertificateFiles } from "./certificate-files.ts";

const folder = mkdtempSync(join(tmpdir(), "ebb-certificates-"));
after(() => rmSync(folder, { recursive: true }));
const certPath = join(folder, "tls.crt");
const keyPath = join(folder, "tls.key");
const authority = testAuthority();

function put({ cert, key }: TlsIdentity): TlsIdentity {
  writeFileSync(certPath, cert);
  writeFileSync(keyPath, key);
  return { cert, key };
}

test("files that come later are found, and replaced ones are used; broken ones change nothing", () => {
  const clock = new VirtualClock();
  const files = new CertificateFiles({ certPath, keyPath, clock, log: silentLog });
  assert.equal(files.read(), false);
  assert.equal(files.identity, undefined);
  const first = put(authority.issue(["first"]));
  assert.equal(files.read(), true);
  assert.deepEqual(files.identity, first);
  const same = files.identity;
  files.read();
  assert.equal(files.identity, same, "the same object, so that nothing is made anew");
  put({ cert: authority.issue(["second"]).cert, key: first.key });
  assert.equal(files.read(), true);
  assert.deepEqual(files.identity, first);
  const third = put(authority.issue(["third"]));
  assert.equal(files.read(), true);
  assert.deepEqual(files.identity, third);
});

test("files are read again each minute, and a reload is logged in Knative's words (TM-017, E-158)", async () => {
  const clock = new VirtualClock();
  const told: string[] = [];
  const log: Log = { ...silentLog, info: (message) => void told.push(message) };
  put(authority.issue(["first"]));
  const files = new CertificateFiles({ certPath, keyPath, clock, log });
  files.read();
  const ended = new AbortController();
  void files.run(ended.signal);
  const second = put(authority.issue(["second"]));
  await clock.advance(59_000);
  assert.notDeepEqual(files.identity, second);
  await clock.advance(1_000);
  assert.deepEqual(files.identity, second);
  await clock.advance(120_000);
  assert.deepEqual(told, ["Certificate and/or key have changed on disk and were reloaded."]);
  ended.abort();
});
