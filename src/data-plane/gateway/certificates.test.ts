import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../../sim/virtual-clock.ts";
import { testAuthority } from "../../../test/support/certificates.ts";
import { type Log, silentLog } from "../../base/log.ts";
import type { TlsIdentity } from "../../http/tls-identity.ts";
import { Certificates } from "./certificates.ts";

/** Which certificate a client is shown, whatever happens to rules and Secrets (spec G-016). */

const authority = testAuthority();
const HOST = "shop.example.org";
const use = { hosts: [HOST], secret: "default/shop" };

const secretOf = ({ cert, key }: TlsIdentity) => ({
  "tls.crt": Buffer.from(cert).toString("base64"),
  "tls.key": Buffer.from(key).toString("base64"),
});

function table(nowMs = Date.now()) {
  const told: string[] = [];
  const say = (message: string) => void told.push(message);
  const log: Log = { ...silentLog, warn: say, info: say };
  const clock = new VirtualClock({ startWallMs: nowMs });
  const certificates = new Certificates({ clock, log });
  certificates.complete();
  return { certificates, told };
}

test("a host's certificate is found whichever comes first, the rule or the Secret", () => {
  const { certificates, told } = table();
  const identity = authority.issue([HOST]);
  assert.equal(certificates.identityFor(HOST), undefined);
  assert.equal(certificates.lacks(HOST), false, "nothing wants one");
  certificates.set("default/shop", [use]);
  assert.equal(certificates.lacks(HOST), true);
  assert.equal(certificates.identityFor(HOST), undefined);
  certificates.setSecret("default/shop", secretOf(identity));
  assert.equal(certificates.lacks(HOST), false);
  assert.deepEqual(certificates.identityFor("SHOP.example.org"), identity);
  assert.equal(certificates.identityFor(undefined), undefined, "no name, no certificate");
  certificates.delete("default/shop");
  assert.equal(certificates.identityFor(HOST), undefined);
  assert.deepEqual(told, [
    "Secret default/shop is missing, or is not of type kubernetes.io/tls: nothing is served over https",
    "Secret default/shop can be served now",
  ]);
});

test("as long as not every Secret is known, none is called missing", () => {
  const told: string[] = [];
  const log: Log = { ...silentLog, warn: (message) => void told.push(message) };
  const certificates = new Certificates({ clock: new VirtualClock(), log });
  certificates.set("default/shop", [use]);
  assert.equal(certificates.lacks(HOST), true);
  assert.deepEqual(told, []);
  certificates.complete();
  assert.equal(certificates.lacks(HOST), true);
  assert.equal(told.length, 1);
});

test("a Secret that is replaced is served from then on; one that is spoilt or gone leaves what was there", () => {
  const { certificates, told } = table();
  const [first, second] = [authority.issue([HOST]), authority.issue([HOST])];
  certificates.set("default/shop", [use]);
  certificates.setSecret("default/shop", secretOf(first));
  assert.deepEqual(certificates.identityFor(HOST), first);
  const served = certificates.identityFor(HOST);
  certificates.setSecret("default/shop", secretOf(first));
  assert.equal(
    certificates.identityFor(HOST),
    served,
    "the same object: only other certificates are made anew",
  );
  certificates.setSecret("default/shop", secretOf(second));
  assert.deepEqual(certificates.identityFor(HOST), second);
  certificates.setSecret("default/shop", secretOf({ cert: first.cert, key: second.key }));
  assert.deepEqual(certificates.identityFor(HOST), second);
  assert.match(told.pop() ?? "", /fit together .*: the certificate before it is served$/);
  certificates.setSecret("default/shop", {});
  assert.deepEqual(certificates.identityFor(HOST), second);
  certificates.deleteSecret("default/shop");
  assert.deepEqual(certificates.identityFor(HOST), second);
  assert.match(told.pop() ?? "", /is gone; its last certificate/);
  certificates.set("default/shop", []);
  certificates.set("default/shop", [use]);
  assert.equal(certificates.identityFor(HOST), undefined, "nobody named it, so it is forgotten");
});

test("a Secret without a usable certificate is told once, with the reason", () => {
  const { certificates, told } = table();
  certificates.set("default/shop", [use]);
  certificates.setSecret("default/shop", secretOf({ cert: "nothing", key: "" }));
  for (let times = 0; times < 3; times++) assert.equal(certificates.lacks(HOST), true);
  assert.equal(told.length, 1);
  assert.match(
    told[0] ?? "",
    /^Secret default\/shop has no certificate and key .*nothing is served over https$/,
  );
});

test("a certificate that has expired, or is for another host, is served all the same and told", () => {
  const later = table(Date.now() + 48 * 3_600_000);
  const stranger = table();
  for (const { certificates } of [later, stranger]) certificates.set("default/shop", [use]);
  later.certificates.setSecret("default/shop", secretOf(authority.issue([HOST])));
  assert(later.certificates.identityFor(HOST));
  assert.match(later.told[0] ?? "", /has expired: its certificate ended 20/);
  stranger.certificates.setSecret("default/shop", secretOf(authority.issue(["*.example.com"])));
  assert(stranger.certificates.identityFor(HOST));
  assert.match(stranger.told[0] ?? "", /for other hosts than shop.example.org$/);
});

test("of two rules with the same host the one that came first has it, until it goes", () => {
  const { certificates } = table();
  const [own, foreign] = [authority.issue([HOST]), authority.issue([HOST])];
  certificates.setSecret("default/shop", secretOf(own));
  certificates.setSecret("other/shop", secretOf(foreign));
  certificates.set("default/shop", [use]);
  certificates.set("other/shop", [{ hosts: [HOST, "more.example.org"], secret: "other/shop" }]);
  certificates.set("default/shop", [use]);
  assert.deepEqual(certificates.identityFor(HOST), own);
  assert.deepEqual(certificates.identityFor("more.example.org"), foreign);
  certificates.delete("default/shop");
  assert.deepEqual(certificates.identityFor(HOST), foreign);
  certificates.set("other/shop", [{ hosts: ["more.example.org"], secret: "other/shop" }]);
  assert.equal(certificates.identityFor(HOST), undefined);
});
