import { test } from "node:test";
import { surviveKills } from "./support/killed-writes.ts";

test("no acknowledged write is lost or half there over 5 kill -9, and revisions never go back", () =>
  surviveKills(5));
