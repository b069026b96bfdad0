import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { GoTemplate } from "./go-template.ts";
import { TemplateError } from "./template-error.ts";
import { Float, GoMap, GoStruct, type Value } from "./values.ts";

/** Each template of the corpus with what Go 1.26's text/template made of it, with the data below. */
interface Recorded {
  readonly text: string;
  readonly out?: string;
  readonly err?: string;
}

const CORPUS: readonly Recorded[] = JSON.parse(
  readFileSync(new URL("../../../test/corpus/go-templates.json", import.meta.url), "utf8"),
);

const HEADERS: Record<string, readonly string[]> = {
  "X-One": ["1"],
  "X-Two": ["a", "b"],
  "User-Agent": ["curl/8"],
};
const texts = (entries: Record<string, Value>) => new GoMap({ type: "map[string]string", entries, zero: "" });
const struct = (type: string, fields: Record<string, Value>, methods = {}) =>
  new GoStruct({ type, fields, methods });

const URL_TEXT = "/p/q?q=1&r=%3Cx%3E";
const REQUEST = struct(
  "*http.Request",
  {
    Method: "GET",
    RequestURI: URL_TEXT,
    Host: "app.example.com",
    Proto: "HTTP/1.1",
    TLS: null,
    URL: struct("*url.URL", { Path: "/p/q", RawQuery: "q=1&r=%3Cx%3E" }, { String: () => URL_TEXT }),
    Header: new GoMap({
      type: "http.Header",
      entries: HEADERS,
      zero: [],
      methods: {
        Get: (name: Value) =>
          Object.entries(HEADERS).find(
            ([known]) => known.toLowerCase() === String(name).toLowerCase(),
          )?.[1][0] ?? "",
      },
    }),
  },
  { UserAgent: () => "curl/8", Referer: () => "", FormValue: (name: Value) => (name === "q" ? "1" : "") },
);
const DATA = struct("*main.Data", {
  Request: REQUEST,
  Response: struct("*main.Resp", { Code: 200, Size: 2, Latency: new Float(0.00123) }),
  Revision: struct("*main.Rev", { Name: "hello-00001", Namespace: "default", PodIP: "127.0.0.1" }),
  TraceID: "abc",
  Labels: texts({ app: "prod", tier: "one" }),
  Empty: texts({}),
});

function executed(text: string): { out?: string; err?: string } {
  try {
    return { out: new GoTemplate({ name: "t", text }).execute(DATA) };
  } catch (thrown) {
    assert.ok(thrown instanceof TemplateError, `no error of ours: ${thrown}`);
    return { err: thrown.message };
  }
}

test("what Go makes of each template of the corpus, ours makes too", () => {
  for (const { text, out } of CORPUS) {
    if (out !== undefined) assert.deepEqual(executed(text), { out }, text);
  }
});

/** Other words for the same refusal, which nobody reads by machine. */
const OWN_WORDS = [
  "{{.Request.Header.Get 1}}",
  '{{define "r"}}{{template "r"}}{{end}}{{template "r"}}',
  "{{.Request.Method.}}",
  "{{.Request..Method}}",
  "{{range .Response.Latency}}x{{end}}",
  '{{"x".Foo}}',
  '{{(.Labels).app}} {{(index .Labels "app").Foo}}',
];

test("what Go refuses is refused, with Go's words", () => {
  for (const { text, err } of CORPUS) {
    if (err === undefined) continue;
    const got = executed(text);
    assert.equal(got.out, undefined, `${text} was accepted`);
    if (!OWN_WORDS.includes(text)) assert.equal(got.err, err, text);
  }
});

test("a template that cannot be read fails when it is made, one that does not fit its data when it runs", () => {
  assert.throws(() => new GoTemplate({ name: "t", text: "{{end}}" }), { code: "template-syntax" });
  const unfitting = new GoTemplate({ name: "t", text: "{{.Nope}}" });
  assert.throws(() => unfitting.execute(DATA), { code: "template-execution" });
});

test("an argument that points to a struct shows it, what is printed does not, as in Go 1.26", () => {
  const text = '{{printf "%v %+v %s" .R .R .R}} {{print .R}} {{.R}} {{html .R}}';
  const revision = struct("*main.Rev", { Name: "hello", Port: 80 });
  assert.equal(
    new GoTemplate({ name: "t", text }).execute(struct("*main.Data", { R: revision })),
    "&{hello 80} &{Name:hello Port:80} &{hello %!s(int=80)} &{hello 80} {hello 80} {hello 80}",
  );
});

test("a value given to a variable that nobody declared is found when it is given", () => {
  const template = new GoTemplate({ name: "t", text: "{{if .A}}{{$x = 1}}{{$x}}{{end}}" });
  assert.throws(() => template.execute(struct("T", { A: "1" })), /undefined variable: \$x/);
  assert.equal(template.execute(struct("T", { A: "" })), "");
});

test("a template keeps nothing between two executions", () => {
  const template = new GoTemplate({ name: "t", text: "{{$x := .A}}{{if .B}}{{$x = .B}}{{end}}{{$x}}" });
  assert.equal(template.execute(struct("T", { A: "1", B: "2" })), "2");
  assert.equal(template.execute(struct("T", { A: "1", B: "" })), "1");
});
