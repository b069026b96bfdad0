import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../base/random.ts";
import { HeaderBlock } from "../../http/header-block.ts";
import { type HostRule, hostName, type RoutePath, RouteTable } from "./route-table.ts";
import { pickSplit } from "./split.ts";

const path = (prefix: string, more: Partial<RoutePath> = {}): RoutePath => ({
  prefix,
  headers: [],
  setHeaders: [],
  rewriteHost: undefined,
  hash: "h",
  splits: [],
  ...more,
});

const rule = (
  hosts: string[],
  paths: RoutePath[],
  visibility: HostRule["visibility"] = "public",
): HostRule => ({
  hosts,
  paths,
  visibility,
});

function tableOf(rules: readonly HostRule[]): RouteTable {
  const table = new RouteTable();
  table.set("default/a", rules);
  return table;
}

const ask = (table: RouteTable, host: string, target: string, headers: string[] = []) =>
  table.find("public", { host, target, headers: new HeaderBlock(headers) });

test("a host is matched exactly, without regard to letter case and port", () => {
  const all = path("");
  const table = tableOf([rule(["hello.default.localhost"], [all])]);
  assert.equal(ask(table, "hello.default.localhost", "/"), all);
  assert.equal(ask(table, "Hello.Default.Localhost:8080", "/"), all);
  assert.equal(ask(table, "x.hello.default.localhost", "/"), "unknown-host");
  assert.equal(ask(table, "", "/"), "unknown-host");
});

test("the first path in list order whose prefix and headers fit wins", () => {
  const tagged = path("", { headers: [{ lowerName: "knative-serving-tag", value: "blue" }] });
  const foo = path("/foo");
  const rest = path("");
  const table = tableOf([rule(["a"], [tagged, foo, rest])]);
  assert.equal(ask(table, "a", "/foo/bar"), foo);
  assert.equal(ask(table, "a", "/foo", ["Knative-Serving-Tag", "blue"]), tagged);
  assert.equal(ask(table, "a", "/foo", ["Knative-Serving-Tag", "green"]), foo);
  assert.equal(ask(table, "a", "/"), rest);
});

test("a host whose paths do not fit is told apart from an unknown host", () => {
  const table = tableOf([rule(["a"], [path("/foo")])]);
  assert.equal(ask(table, "a", "/bar"), "no-path");
});

test("of two Ingresses with one host the older comes first, also after it was changed", () => {
  const [first, changed, second] = [path("/a"), path("/b"), path("")];
  const table = new RouteTable();
  table.set("default/first", [rule(["h"], [first])]);
  table.set("default/second", [rule(["H"], [second])]);
  assert.equal(ask(table, "h", "/a"), first);
  table.set("default/first", [rule(["h"], [changed])]);
  assert.equal(ask(table, "h", "/a"), second);
  assert.equal(ask(table, "h", "/b"), changed);
  table.delete("default/first");
  assert.equal(ask(table, "h", "/b"), second);
  table.delete("default/second");
  assert.equal(ask(table, "h", "/b"), "unknown-host");
});

test("a table changed step by step answers as one made at once from the same rules", () => {
  const random = seededRandom(11);
  const below = (count: number) => Math.floor(random.next() * count);
  const table = new RouteTable();
  const present = new Map<string, HostRule[]>();
  for (let step = 0; step < 2000; step++) {
    const source = `s${below(5)}`;
    if (below(4) === 0) {
      table.delete(source);
      present.delete(source);
      continue;
    }
    const rules = Array.from({ length: below(3) }, () =>
      rule([`h${below(4)}`, `i${below(4)}`], [path(`/${below(3)}`)]),
    );
    table.set(source, rules);
    present.set(source, rules);
    const whole = new RouteTable();
    for (const [name, own] of present) whole.set(name, own);
    for (const host of ["h0", "h1", "h2", "h3", "i0", "i1", "i2", "i3"])
      for (const target of ["/0", "/1", "/2", "/3"])
        assert.equal(ask(table, host, target), ask(whole, host, target));
  }
});

test("a private host is unknown to the public listener", () => {
  const table = tableOf([rule(["a"], [path("")], "private")]);
  assert.equal(ask(table, "a", "/"), "unknown-host");
});

test("host names lose their port and final dot, IPv6 keeps its brackets", () => {
  assert.equal(hostName("A.example.com.:80"), "a.example.com");
  assert.equal(hostName("[::1]:8080"), "[::1]");
  assert.equal(hostName("[::1]"), "[::1]");
});

test("splits are dealt by their percentages, and 0 % gets nothing", () => {
  const split = (service: string, percent: number) => ({
    namespace: "d",
    service,
    port: 80,
    percent,
    setHeaders: [],
  });
  const splits = [split("none", 0), split("few", 20), split("many", 80), split("last", 0)];
  const random = seededRandom(7);
  const counts = new Map<string, number>();
  for (let request = 0; request < 5000; request++) {
    const chosen = pickSplit(splits, random)?.service ?? "";
    counts.set(chosen, (counts.get(chosen) ?? 0) + 1);
  }
  assert.equal(counts.get("none"), undefined);
  assert.equal(counts.get("last"), undefined);
  assert.ok(Math.abs((counts.get("few") ?? 0) - 1000) < 150, String(counts.get("few")));
});
