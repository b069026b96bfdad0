import { test } from "node:test";
import { surviveKills } from "../support/killed-writes.ts";

/** The long version of test/killed-writes.test.ts. */
test(
  "no acknowledged write is lost or half there over 200 kill -9, and revisions never go back",
  {
    timeout: 900_000,
  },
  (context) => surviveKills(200, (text) => context.diagnostic(text)),
);
