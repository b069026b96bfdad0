import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type ConfigMap, ConfigMapKind } from "../api/config-map/kind.ts";
import type { Stored } from "../api/object.ts";
import { systemClock } from "../base/clock.ts";
import { silentLog } from "../base/log.ts";
import type { KubeClient, WatchEvent } from "./client.ts";
import { Informer, labelIndex } from "./informer.ts";

/** A client whose list is empty and whose watch is told by the test. */
function toldClient(): { client: KubeClient; tell: (event: WatchEvent<ConfigMap>) => void } {
  let listener: ((event: WatchEvent<ConfigMap>) => void) | undefined;
  const client = {
    list: async () => ({ items: [], resourceVersion: "1" }),
    watch: (...[, , onEvent, signal]: Parameters<KubeClient["watch"]>) => {
      listener = onEvent as typeof listener;
      return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    },
  };
  return { client: client as unknown as KubeClient, tell: (event) => listener?.(event) };
}

const byColour = labelIndex("colour");
const step = fc.record({
  name: fc.constantFrom("a", "b", "c", "d"),
  colour: fc.constantFrom("red", "blue", undefined),
  isDeleted: fc.boolean(),
});

test("an index gives the objects that a look through all of them would give", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { client, tell } = toldClient();
      const informer = new Informer({ client, kind: ConfigMapKind, clock: systemClock, log: silentLog });
      const ended = new AbortController();
      const running = informer.run(ended.signal);
      await informer.synced;
      await Promise.resolve();
      steps.forEach(({ name, colour, isDeleted }, index) => {
        const labels = colour === undefined ? {} : { colour };
        const resourceVersion = String(index + 10);
        const given = { namespace: "n", name, labels, resourceVersion };
        const object: Stored<ConfigMap> = { metadata: { ...given, uid: name, creationTimestamp: "" } };
        tell({ type: isDeleted ? "DELETED" : "MODIFIED", object });
        for (const value of ["red", "blue"]) {
          const naive = informer.list().filter((one) => one.metadata.labels?.colour === value);
          const indexed = informer.by(byColour, `n/${value}`);
          assert.deepEqual(new Set(indexed), new Set(naive));
          assert.equal(indexed.length, naive.length);
        }
      });
      ended.abort();
      await running;
    }),
    { numRuns: 50 },
  );
});
