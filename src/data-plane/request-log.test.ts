import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../sim/virtual-clock.ts";
import { DEFAULT_REQUEST_LOG_TEMPLATE } from "../api/config/observability.ts";
import { Cancel } from "../base/cancel.ts";
import { silentLog } from "../base/log.ts";
import { HeaderBlock } from "../http/header-block.ts";
import type { Exchange, ExchangeOutcome, RequestHead } from "../http/message.ts";
import { EMPTY_BODY } from "../http/received-body.ts";
import { loggedRevision, type RequestLogSettings, requestLogOf } from "./request-log.ts";

interface Told {
  readonly head?: Partial<RequestHead>;
  readonly headers?: string[];
  readonly secure?: boolean;
  readonly outcome?: Partial<ExchangeOutcome>;
}

const REVISION = loggedRevision({
  name: "hello-00001",
  namespace: "default",
  service: "hello",
  configuration: "hello",
  podName: "pod",
  podIp: "127.0.0.1",
});

/** The lines that one request leaves. */
function logged(settings: Partial<RequestLogSettings>, told: Told = {}): string[] {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const log = requestLogOf({
    settings: { template: DEFAULT_REQUEST_LOG_TEMPLATE, probes: false, ...settings },
    clock,
    log: silentLog,
    write: (line) => void lines.push(line),
  });
  const headers = new HeaderBlock(told.headers ?? ["Host", "app.example.com", "X-Two", "a", "x-two", "b"]);
  let finish: (outcome: ExchangeOutcome) => void = () => {};
  const exchange = {
    request: { method: "GET", target: "/p%20q?q=1", version: "1.1", headers, ...told.head },
    body: EMPTY_BODY,
    cancel: new Cancel(),
    remoteAddress: "10.0.0.1",
    remotePort: 1234,
    secure: told.secure ?? false,
    onFinish: (listener: typeof finish) => {
      finish = listener;
    },
  } as unknown as Exchange;
  log?.watch(exchange, REVISION);
  // What later phases do to the header must not show.
  headers.delete("x-two");
  finish({ status: 200, responseBytes: 2, complete: true, ...told.outcome });
  return lines;
}

const line = (template: string, told?: Told) => logged({ template }, told)[0];

test("the default line is one JSON object", () => {
  const [text = ""] = logged(
    {},
    { headers: ["Host", "a", "User-Agent", 'x"y', "Traceparent", "00-abc-def-01"] },
  );
  assert.deepEqual(JSON.parse(text), {
    httpRequest: {
      requestMethod: "GET",
      requestUrl: "/p%20q?q=1",
      requestSize: "0",
      status: 200,
      responseSize: "2",
      userAgent: 'x"y',
      remoteIp: "10.0.0.1:1234",
      serverIp: "127.0.0.1",
      referer: "",
      latency: "0s",
      protocol: "HTTP/1.1",
    },
    traceId: "abc",
  });
});

test("a template reads the request as it came, with Go's names", () => {
  assert.equal(line('{{range index .Request.Header "X-Two"}}[{{.}}]{{end}}'), "[a][b]\n");
  assert.equal(
    line('{{.Request.URL.Path}} {{.Request.URL}} {{.Request.FormValue "q"}}'),
    "/p q /p%20q?q=1 1\n",
  );
  assert.equal(line("{{.Revision.Name}} {{.Request.Host}}"), "hello-00001 app.example.com\n");
  const absolute = { sentTarget: "http://o.example.com/x?y", target: "/x?y" };
  assert.equal(
    line("{{.Request.RequestURI}} {{.Request.URL.Host}}", { head: absolute }),
    "http://o.example.com/x?y o.example.com\n",
  );
  const condition = "{{if .Request.TLS}}tls{{else}}plain{{end}}";
  assert.equal(line(condition), "plain\n");
  assert.equal(line(condition, { secure: true }), "tls\n");
});

test("a template that fails while it runs leaves a line that says so, one that cannot be read none", () => {
  assert.match(
    line("abc {{.Nope}}") ?? "",
    /^Invalid request log template: method: GET, response code: 200, latency: .*, url: \/p%20q/,
  );
  assert.deepEqual(logged({ template: "{{end}}" }), []);
});

test("probes are left out unless they are wanted", () => {
  const headers = ["Host", "a", "K-Network-Probe", "queue"];
  assert.deepEqual(logged({ template: "x" }, { headers }), []);
  assert.deepEqual(logged({ template: "x", probes: true }, { headers }), ["x\n"]);
});

test("the trace is that of B3 when there is no W3C header", () => {
  assert.equal(line("{{.TraceID}}", { headers: ["Host", "a", "X-B3-Traceid", "b3"] }), "b3\n");
});

/** What Knative's own program wrote for each, for a request with these. */
const TARGET = "/%41%2f/a%20b?x=%zz&q=1&q=2&s=a+%3C;1&t=a+%3C";
const SEEN: Readonly<Record<string, string>> = {
  "{{.Request.URL.Path}} {{.Request.URL.RawPath}} {{.Request.URL.EscapedPath}}":
    "/A//a b /%41%2f/a%20b /%41%2f/a%20b",
  "{{.Request.URL.Query}}": "map[q:[1 2] t:[a <]]",
  '{{.Request.URL.Query.Get "q"}} {{.Request.URL.Query.Has "z"}} {{.Request.URL.Query.q}}': "1 false [1 2]",
  "{{.Request.URL.Query.Encode}}": "q=1&q=2&t=a+%3C",
  '{{.Request.FormValue "t"}} {{.Request.PostFormValue "q"}}': "a < ",
  "{{.Request.URL.User}}|{{.Request.URL.Host}}|{{.Request.URL.ForceQuery}}|{{.Request.URL.IsAbs}}":
    "||false|false",
  "{{.Request.Cookies}} {{.Request.Form}} {{.Request.Trailer}} {{.Request.Body}} {{.Request.MultipartForm}}":
    "[a=b c=d] map[] map[] {} <nil>",
  "{{.Request.Close}} {{.Request.TransferEncoding}} {{.Request.Header.Clone}}":
    "true [] map[Connection:[x, close] Cookie:[a=b; c=d] X-U:[é]]",
  '{{printf "%v" .Revision}}': "&{hello-00001 default hello hello pod 127.0.0.1}",
  '{{printf "%q" .Request.URL.User}}': '""',
};

test("a request has the fields and methods of Go's", () => {
  const headers = [
    "Host",
    "h",
    "Cookie",
    "a=b; c=d",
    "connection",
    "x, close",
    "Transfer-Encoding",
    "x",
    "X-U",
    "\xc3\xa9",
  ];
  for (const [template, text] of Object.entries(SEEN)) {
    assert.equal(line(template, { head: { target: TARGET }, headers }), `${text}\n`, template);
  }
});

test("what was sent is logged, not what was made of it", () => {
  const head = { sentTarget: "/\xc3\xa9", target: "/%C3%A9" };
  assert.equal(
    line("{{.Request.RequestURI}} {{.Request.URL}} {{.Request.URL.Path}}", { head }),
    "/é /%C3%A9 /é\n",
  );
});

test("HTTP/1.0 closes unless it says otherwise", () => {
  const closes = (...headers: string[]) => line("{{.Request.Close}}", { head: { version: "1.0" }, headers });
  assert.deepEqual([closes(), closes("Connection", "Keep-Alive")], ["true\n", "false\n"]);
});
