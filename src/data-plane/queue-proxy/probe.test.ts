import assert from "node:assert/strict";
import { test } from "node:test";
import { parseProbes } from "./probe.ts";

const portOf = (text: string) => {
  const action = parseProbes(text, false)[0]?.action;
  return action?.type === "tcpSocket" ? action.port : undefined;
};

test("a probe's fields are found in any case, and those of null are empty", () => {
  assert.equal(portOf('{"TCPSOCKET":{"Port":8080}}'), 8080);
  assert.equal(portOf('{"tcpSocket":{"port":null},"periodSeconds":null}'), 0);
  assert.equal(portOf('{"tcpSocket":{"port":"+8080"}}'), 8080);
  const [probe] = parseProbes('{"httpGet":{"httpHeaders":[null]}}', false);
  assert.deepEqual(probe?.action.type === "httpGet" && probe.action.headers, [{ name: "", value: "" }]);
});

test("what Go cannot decode is refused, in fields that nobody reads too", () => {
  const bad = [
    '{"periodSeconds":1.0}',
    '{"periodSeconds":1e0}',
    '{"periodSeconds":2147483648}',
    '{"successThreshold":"1"}',
    '{"failureThreshold":"x"}',
    '{"initialDelaySeconds":1.5}',
    '{"terminationGracePeriodSeconds":9223372036854775808}',
    '{"tcpSocket":{"port":true}}',
    '{"tcpSocket":{"port":1.5}}',
    '{"tcpSocket":[]}',
    '{"tcpSocket":{"port":1},"exec":{"command":"x"}}',
    '{"exec":{"command":[1]}}',
    '{"grpc":{"port":"8080"}}',
    '{"httpGet":{"httpHeaders":{}}}',
    '{"httpGet":{"httpHeaders":[{"name":"a","value":1}]}}',
    "true",
    "{} x",
  ];
  for (const text of bad) assert.throws(() => parseProbes(text, false), Error, text);
  for (const text of ["{}", "[[]]", "1"]) assert.throws(() => parseProbes(text, true), Error, text);
});
