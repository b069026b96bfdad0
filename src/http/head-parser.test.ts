import assert from "node:assert/strict";
import { test } from "node:test";
import { describeStatusLine, MalformedMessage, parseRequestHead, parseResponseHead } from "./head-parser.ts";

const withHost = (host: string) => parseRequestHead(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 100);

test("a Host is a name or an address, and perhaps a port", () => {
  for (const host of [
    "a",
    "a.example",
    "a:80",
    "a:",
    "",
    ":80",
    "[::1]",
    "[::1]:8080",
    "[fe80::1%25eth0]",
    "127.0.0.1:1",
  ]) {
    assert.equal(withHost(host).facts.host, host);
  }
});

test("a Host that two readers could split differently is refused", () => {
  for (const host of [
    "a:b",
    "a:80:80",
    "::1",
    "::1]:80",
    "[::1",
    "a[b]",
    "[::1]x",
    "[::1]:x",
    "a b",
    "a/b",
    "u@a",
    "a?b",
    "a#b",
  ]) {
    assert.throws(() => withHost(host), MalformedMessage, host);
  }
});

test("only OPTIONS asks about the server as a whole", () => {
  assert.equal(parseRequestHead("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 100).head.target, "*");
  assert.throws(() => parseRequestHead("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 100), MalformedMessage);
});

test("the authority of an absolute target is held to the same rules", () => {
  const to = (authority: string) =>
    parseRequestHead(`GET http://${authority}/x HTTP/1.1\r\nHost: a\r\n\r\n`, 100);
  assert.equal(to("b:80").head.headers.get("host"), "b:80");
  for (const authority of ["b:c", "b:80:80", "::1", "b[c]", "u@b"]) {
    assert.throws(() => to(authority), MalformedMessage, authority);
  }
});

test("an empty Expect expects nothing", () => {
  assert.equal(parseRequestHead("GET / HTTP/1.1\r\nHost: a\r\nExpect:\r\n\r\n", 100).facts.expect, undefined);
});

test("a status line is refused in the words of Go's net/http", () => {
  for (const [line, why] of [
    ["hello", 'malformed HTTP response "hello"'],
    ["hello world", 'malformed HTTP status code "world"'],
    ["HTTP/1.1 20", 'malformed HTTP status code "20"'],
    ["ICY 200 OK", 'malformed HTTP version "ICY"'],
  ] as const) {
    assert.equal(describeStatusLine(line), why);
  }
});

test("an answer with an empty length, or with two codings, is refused by name", () => {
  const answer = (field: string) => () => parseResponseHead(`HTTP/1.1 200 OK\r\n${field}\r\n\r\n`, 100);
  assert.throws(answer("Content-Length:"), /invalid empty Content-Length ""/);
  assert.throws(
    answer("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
    /too many transfer encodings: \["chunked" "chunked"\]/,
  );
});

test("a space in a field's name is told, other bytes that may not be there are not", () => {
  const field = (line: string) => () => parseRequestHead(`GET / HTTP/1.1\r\nHost: a\r\n${line}\r\n\r\n`, 100);
  for (const line of ["X : 1", "X Y: 1"])
    assert.throws(field(line), { message: "invalid header name" }, line);
  for (const line of ["X\t: 1", "X(: 1"]) assert.throws(field(line), /malformed MIME header/, line);
});
