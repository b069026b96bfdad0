import assert from "node:assert/strict";
import { test } from "node:test";
import { PaperIssuer } from "../../../../sim/paper-issuer.ts";
import { VirtualClock } from "../../../../sim/virtual-clock.ts";
import type { Certificate } from "../../../api/certificate/kind.ts";
import type { Stored } from "../../../api/object.ts";
import type { Secret } from "../../../api/secret/kind.ts";
import type { Caches } from "../../../kube/informers.ts";
import { certificateController } from "./controller.ts";
import { namesOf } from "./renewal.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const meta = { uid: "c", resourceVersion: "1", creationTimestamp: "2030-01-01T00:00:00Z", generation: 1 };

/** A controller alone with the one Secret that it makes, on a clock of days. */
function small(dnsNames = ["a.example.com"]) {
  const clock = new VirtualClock();
  const startMs = clock.wall();
  const certificate: Stored<Certificate> = {
    metadata: { ...meta, name: "a", namespace: "default" },
    spec: { dnsNames, secretName: "a" },
  };
  let secret: Stored<Secret> | undefined;
  const caches = { get: () => secret } as Partial<Caches> as Caches;
  const decideOn = async (day: number, failure?: { message: string }) => {
    await clock.advance(startMs + day * DAY_MS - clock.wall());
    const controller = certificateController({ issuer: new PaperIssuer(), clock });
    const told = failure && { kind: "Secret", name: "a", reason: "Forbidden", ...failure };
    const context = { config: undefined, nowMs: clock.wall(), ...(told ? { failure: told } : {}) };
    return controller.desired(certificate, controller.observe(certificate, caches), context);
  };
  return {
    decideOn,
    /** As the loop does: writes what is wanted, then decides again. */
    async settleOn(day: number) {
      const [wanted] = (await decideOn(day)).children;
      const owner = { apiVersion: "x/v1", kind: "Certificate", name: "a", uid: "c", controller: true };
      const made = wanted?.object as Secret | undefined;
      if (made)
        secret = { ...made, metadata: { ...meta, name: "a", ...made.metadata, ownerReferences: [owner] } };
      return { wrote: made !== undefined, ...(await decideOn(day)) };
    },
  };
}

test("a certificate is signed for 90 days, and anew in its last third", async () => {
  const { settleOn } = small();
  const first = await settleOn(0);
  assert.deepEqual([first.wrote, first.status?.notAfter], [true, "2030-04-01T00:00:00Z"]);
  assert.equal((await settleOn(59)).wrote, false);
  const second = await settleOn(61);
  assert.deepEqual([second.wrote, second.status?.notAfter], [true, "2030-06-01T00:00:00Z"]);
});

test("it is looked at again when it is due, an hour from now at the latest: timers stand still in a laptop's sleep", async () => {
  const { settleOn } = small();
  const hourMs = DAY_MS / 24;
  assert.equal((await settleOn(0)).requeueAfterMs, hourMs);
  // Backdated by an hour, it is due 20 minutes before the sixtieth day is over.
  const { requeueAfterMs = 0 } = await settleOn(60 - 1 / 24);
  assert.equal(Math.round(requeueAfterMs / 60_000), 40);
});

test("a Secret that cannot be replaced leaves the certificate Ready while it lasts, and no longer", async () => {
  const { settleOn, decideOn } = small();
  await settleOn(0);
  const failure = { message: "the disk is full" };
  const readyOf = async (day: number) => (await decideOn(day, failure)).status?.conditions?.[0];
  assert.equal((await readyOf(70))?.status, "True");
  const over = await readyOf(91);
  assert.deepEqual([over?.status, over?.reason], ["Unknown", "ReconcileFailed"]);
  assert.match(over?.message ?? "", /"a" cannot be written: the disk is full/);
});

test("a common name that would be too long is shortened to its domain (C-072)", () => {
  const long = `${"x".repeat(60)}.example.com`;
  const of = (dnsNames: string[], domain = "") => namesOf({ dnsNames, domain, secretName: "a" }).commonName;
  assert.equal(of(["a.example.com"]), "a.example.com");
  assert.equal(of([long], "example.com"), "k.example.com");
  assert.equal(of([long], long), "ebb");
});
