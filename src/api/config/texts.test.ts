import assert from "node:assert/strict";
import { test } from "node:test";
import { configMapRefusal } from "./admit-config-map.ts";

/** Go's ways with numbers, blanks and YAML, as Knative's own parsers answered them. */
function refusalOf(name: string, data: Readonly<Record<string, string>>): string | undefined {
  return configMapRefusal({ metadata: { name }, data })?.replace(
    /^.*?denied the request: validation failed: /,
    "",
  );
}

test("an underscore may stand between two digits of a number, and nowhere else", () => {
  assert.equal(refusalOf("config-autoscaler", { "max-scale-up-rate": "1_000" }), undefined);
  for (const text of ["_1000", "1000_", "1__000"]) {
    const refusal = `failed to parse data: failed to parse "max-scale-up-rate": strconv.ParseFloat: parsing "${text}": invalid syntax`;
    assert.equal(refusalOf("config-autoscaler", { "max-scale-up-rate": text }), refusal);
  }
});

test("numbers are shown as Go shows them: large ones with an exponent, infinity and minus zero by name", () => {
  const window = (text: string) => refusalOf("config-autoscaler", { "panic-window-percentage": text });
  assert.equal(
    window("2147483648"),
    "panic-window-percentage = 2.147483648e+09, must be in [1, 100] interval",
  );
  assert.equal(window("-0"), "panic-window-percentage = -0, must be in [1, 100] interval");
  const rate = refusalOf("config-observability", { "tracing-sampling-rate": "Inf" });
  assert.equal(rate, "sampling rate +Inf should be less than or equal to one");
});

test("blanks around a text do not count", () => {
  assert.equal(refusalOf("config-gc", { "retain-since-create-time": " 5h " }), undefined);
  assert.equal(refusalOf("config-network", { "domain-template": " " }), "empty hostname");
});

test("a template in braces is no YAML map, and an open one is told", () => {
  const key = 'map[interface {}]interface {}{".Name":interface {}(nil)}';
  const domain = (text: string) => refusalOf("config-domain", { "example.com": text });
  assert.equal(domain("{{.Name}}"), `error converting YAML to JSON: yaml: invalid map key: ${key}`);
  assert.equal(domain("{a"), "error converting YAML to JSON: yaml: line 1: did not find expected ',' or '}'");
});

test("a domain template that makes no host name is refused", () => {
  const template = (text: string) => refusalOf("config-network", { "domain-template": text });
  assert.equal(template("10%"), 'parse "https://10%": invalid URL escape "%"');
  assert.equal(template("a\nb"), 'parse "https://a\\nb": net/url: invalid control character in URL');
});
