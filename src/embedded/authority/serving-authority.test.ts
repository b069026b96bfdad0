import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { VirtualClock } from "../../../sim/virtual-clock.ts";
import { seededRandom } from "../../base/random.ts";
import { ServingAuthority } from "./serving-authority.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const names = { commonName: "a.localhost", dnsNames: ["a.localhost", "*.b.localhost"] };

function inFolder(body: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "ebb-authority-"));
  try {
    body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function authorityIn(folder: string, clock = new VirtualClock(), seed = 1): ServingAuthority {
  return new ServingAuthority({
    folder: join(folder, "credentials"),
    path: join(folder, "ca.crt"),
    clock,
    random: seededRandom(seed),
  });
}

const validFrom = (nowMs: number, days: number) => ({
  notBeforeMs: nowMs,
  notAfterMs: nowMs + days * DAY_MS,
});

test("what it signs is believed by whoever trusts ca.crt, for the asked names and times", () =>
  inFolder((folder) => {
    const clock = new VirtualClock();
    const authority = authorityIn(folder, clock);
    const pair = authority.issue(names, validFrom(clock.wall(), 90));
    const trusted = new X509Certificate(readFileSync(join(folder, "ca.crt")));
    const certificate = new X509Certificate(pair.certificate);
    assert.ok(certificate.checkIssued(trusted) && certificate.verify(trusted.publicKey));
    assert.equal(certificate.checkHost("a.localhost"), "a.localhost");
    assert.equal(certificate.checkHost("x.b.localhost"), "*.b.localhost");
    assert.equal(certificate.checkHost("c.localhost"), undefined);
    const read = authority.read(pair);
    assert.deepEqual(read?.dnsNames, names.dnsNames);
    assert.equal((read?.notAfterMs ?? 0) - (read?.notBeforeMs ?? 0), 90 * DAY_MS);
  }));

test("a later start goes on with the same key, and puts a lost ca.crt back", () =>
  inFolder((folder) => {
    const first = authorityIn(folder);
    const pair = first.issue(names, validFrom(Date.now(), 90));
    rmSync(join(folder, "ca.crt"));
    const second = authorityIn(folder, new VirtualClock(), 2);
    assert.equal(second.authority, first.authority);
    assert.equal(readFileSync(join(folder, "ca.crt"), "utf8"), first.authority);
    assert.ok(second.read(pair));
    assert.equal(statSync(join(folder, "credentials", "serving-ca.json")).mode & 0o777, 0o600);
  }));

test("in the last year of its life a start makes another, which does not know what the first has signed", () =>
  inFolder((folder) => {
    const clock = new VirtualClock();
    const first = authorityIn(folder, clock);
    const pair = first.issue(names, validFrom(clock.wall(), 90));
    const lateClock = new VirtualClock({ startWallMs: clock.wall() + 9.5 * 365 * DAY_MS });
    const second = authorityIn(folder, lateClock, 3);
    assert.notEqual(second.authority, first.authority);
    assert.equal(second.read(pair), undefined);
  }));

test("a certificate with the key of another, and what is no certificate, are not its own", () =>
  inFolder((folder) => {
    const authority = authorityIn(folder);
    const [one, other] = [1, 2].map(() => authority.issue(names, validFrom(Date.now(), 90)));
    assert.ok(one && other);
    assert.equal(authority.read({ certificate: one.certificate, key: other.key }), undefined);
    assert.equal(authority.read({ certificate: "", key: "" }), undefined);
  }));

test("a key that is spoilt is told with what helps, when something is to be signed", () =>
  inFolder((folder) => {
    authorityIn(folder);
    const file = join(folder, "credentials", "serving-ca.json");
    const kept = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify({ ...kept, key: "spoilt" }));
    const authority = authorityIn(folder);
    assert.throws(
      () => authority.issue(names, validFrom(Date.now(), 90)),
      /^EbbError: cannot use the key that signs .*serving-ca\.json: .*; delete it/,
    );
  }));
