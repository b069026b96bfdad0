import assert from "node:assert/strict";
import { test } from "node:test";
import { MalformedMessage } from "./head-parser.ts";
import { HeaderBlock } from "./header-block.ts";
import {
  requestFromHttp2,
  requestToHttp2,
  responseFromHttp2,
  responseToHttp2,
  trailersFromHttp2,
} from "./http2-head.ts";

const GET = [":method", "GET", ":scheme", "http", ":path", "/", ":authority", "app.example.com"];

test("a request's authority becomes its Host, and cookie crumbs one field", () => {
  const { head } = requestFromHttp2([...GET, "cookie", "a=1", "x-a", "1", "cookie", "b=2"]);
  assert.equal(head.version, "2");
  assert.deepEqual(head.headers.flat, ["Host", "app.example.com", "x-a", "1", "cookie", "a=1; b=2"]);
});

test("a Host without an authority is the request's host", () => {
  const { head } = requestFromHttp2([":method", "GET", ":scheme", "http", ":path", "/", "host", "a.example"]);
  assert.deepEqual(head.headers.flat, ["Host", "a.example"]);
});

test("a target is escaped as one of HTTP/1.1 is", () => {
  const { head } = requestFromHttp2([
    ":method",
    "GET",
    ":scheme",
    "http",
    ":path",
    "/a|b",
    ":authority",
    "a",
  ]);
  assert.equal(head.target, "/a%7Cb");
});

/** What could become two requests, or another one, behind us as HTTP/1.1. */
const REFUSED: Record<string, string[]> = {
  "a line break in a value": [...GET, "x-a", "1\r\ncontent-length: 5"],
  "a line feed in a name": [...GET, "x\nhost", "1"],
  "a space in a name": [...GET, "x a", "1"],
  "an upper-case name with a colon": [...GET, "X:Y", "1"],
  "a NUL in a value": [...GET, "x-a", "a\0b"],
  "transfer-encoding": [...GET, "transfer-encoding", "chunked"],
  connection: [...GET, "connection", "content-length"],
  "keep-alive": [...GET, "keep-alive", "timeout=5"],
  upgrade: [...GET, "upgrade", "websocket"],
  "te with more than trailers": [...GET, "te", "trailers, deflate"],
  "two lengths": [...GET, "content-length", "5", "content-length", "5"],
  "a signed length": [...GET, "content-length", "+5"],
  "an empty length": [...GET, "content-length", ""],
  "Host against authority": [...GET, "host", "other.example"],
  "two Hosts": [":method", "GET", ":scheme", "http", ":path", "/", "host", "a", "host", "b"],
  "a line break in the method": [
    ":method",
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ":path",
    "/",
    ":authority",
    "a",
  ],
  "an empty method": [":method", "", ":path", "/", ":authority", "a"],
  "a line break in the path": [
    ":method",
    "GET",
    ":path",
    "/ HTTP/1.1\r\nHost: b\r\n\r\nGET /",
    ":authority",
    "a",
  ],
  "a space in the path": [":method", "GET", ":path", "/a b", ":authority", "a"],
  "a path without a slash": [":method", "GET", ":path", "a", ":authority", "a"],
  "an absolute path": [":method", "GET", ":path", "http://b/", ":authority", "a"],
  "no path": [":method", "GET", ":authority", "a"],
  "a path twice": [...GET, ":path", "/b"],
  "a star for GET": [":method", "GET", ":path", "*", ":authority", "a"],
  "a user in the authority": [":method", "GET", ":path", "/", ":authority", "user@a"],
  "a slash in the authority": [":method", "GET", ":path", "/", ":authority", "a/b"],
  "a line break in the authority": [":method", "GET", ":path", "/", ":authority", "a\r\nx: y"],
};

for (const [what, raw] of Object.entries(REFUSED)) {
  test(`refused: ${what}`, () => {
    assert.throws(() => requestFromHttp2(raw), MalformedMessage);
  });
}

test("fields of one connection stay behind when a head becomes one of HTTP/2", () => {
  const fields =
    "Connection,x,Keep-Alive,x,Upgrade,x,Proxy-Connection,x,Transfer-Encoding,x,Host,a,X-A,1,TE,deflate";
  const headers = new HeaderBlock(fields.split(","));
  const sent = requestToHttp2(
    { method: "GET", target: "/", version: "1.1", headers },
    { scheme: "http", length: 0, defaultHost: "d" },
  );
  assert.deepEqual(
    { ...sent },
    {
      ":method": "GET",
      ":authority": "a",
      ":scheme": "http",
      ":path": "/",
      "x-a": "1",
      te: "trailers",
    },
  );
});

test("an answer says the length of the body that is sent, and its lines stay lines", () => {
  const headers = new HeaderBlock(["Set-Cookie", "a=1", "Content-Length", "99", "Set-Cookie", "b=2"]);
  const sent = responseToHttp2({ status: 200, reason: "", headers }, { length: 3, date: "now" });
  assert.deepEqual(
    { ...sent },
    {
      ":status": 200,
      "set-cookie": ["a=1", "b=2"],
      "content-length": "3",
      date: "now",
    },
  );
});

test("an answer without a valid status is malformed", () => {
  assert.throws(() => responseFromHttp2(["x-a", "1"]), MalformedMessage);
  assert.throws(() => responseFromHttp2([":status", "2oo"]), MalformedMessage);
  assert.equal(responseFromHttp2([":status", "418", "content-length", "3"]).contentLength, 3);
});

test("trailers cannot carry what decides about framing or routing", () => {
  const raw = [
    "content-length",
    "5",
    "transfer-encoding",
    "chunked",
    "host",
    "b",
    ":path",
    "/",
    "grpc-status",
    "0",
  ];
  assert.deepEqual(trailersFromHttp2(raw)?.flat, ["grpc-status", "0"]);
  assert.equal(trailersFromHttp2(["host", "b"]), undefined);
});
