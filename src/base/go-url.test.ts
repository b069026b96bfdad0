import assert from "node:assert/strict";
import { test } from "node:test";
import { GoUrl } from "./go-url.ts";

/** What Go 1.26's net/url made of each text: the URL as written again and its request target. */
const PARSED: Readonly<Record<string, readonly [string, string]>> = {
  "http://h/a/../b?": ["http://h/a/../b?", "/a/../b?"],
  "HTTP://h:80": ["http://h:80", "/"],
  "http://u:p%40@h/x#f g": ["http://u:p%40@h/x#f%20g", "/x"],
  "/a b|c?d e|f": ["/a%20b%7Cc?d e|f", "/a%20b%7Cc?d e|f"],
  "/%41%2f[x]": ["/%41%2f[x]", "/%41%2f[x]"],
  "/\xc3\xa9": ["/%C3%A9", "/%C3%A9"],
  "http://[::1]:8080/": ["http://[::1]:8080/", "/"],
  "http://[fe80::1%25en0]/": ["http://[fe80::1%25en0]/", "/"],
  "///x": ["///x", "///x"],
  "mailto:x?y": ["mailto:x?y", "x?y"],
  "*": ["*", "*"],
  "?x": ["?x", "/?x"],
  "#%2fé": ["#/%E9", "/"],
};

test("reads and writes URLs as Go does", () => {
  for (const [text, [written, target]] of Object.entries(PARSED)) {
    const url = GoUrl.parse(text);
    assert.deepEqual([url?.toString(), url?.requestTarget], [written, target], text);
  }
});

test("refuses what Go refuses", () => {
  const bad = [
    "http://[x]/",
    "http://h:x/",
    "http://a:1:2/",
    "/%zz",
    "http://h%41/",
    ":",
    "a:b/c\n",
    "1:2",
    "\x7f",
  ];
  for (const text of [...bad, "http://a b/", "http://u<@h/"])
    assert.equal(GoUrl.parse(text), undefined, text);
  for (const text of ["", "a", "?x"]) assert.equal(GoUrl.parse(text, { isRequest: true }), undefined, text);
});

/** From http://u:p@h.x:8080/a/b/c?q=1, by Go. */
const RESOLVED: Readonly<Record<string, string | undefined>> = {
  "": "http://u:p@h.x:8080/a/b/c?q=1",
  d: "http://u:p@h.x:8080/a/b/d",
  "../d?": "http://u:p@h.x:8080/a/d?",
  "../../../d/.": "http://u:p@h.x:8080/d/",
  "/./d/..": "http://u:p@h.x:8080/",
  "?x=%zz": "http://u:p@h.x:8080/a/b/c?x=%zz",
  "//other/x": "http://other/x",
  "https://v@other": "https://v@other",
  "#f": "http://u:p@h.x:8080/a/b/c?q=1#f",
  "/%zz": undefined,
};

test("follows references as Go does", () => {
  const from = GoUrl.parse("http://u:p@h.x:8080/a/b/c?q=1");
  for (const [text, expected] of Object.entries(RESOLVED)) {
    assert.equal(from?.resolve(text)?.toString(), expected, text);
  }
});

test("names its parts, unescaped, and what was written where that says more", () => {
  const url = GoUrl.parse("http://n%20:p@h:80/%41%2f?q#%41");
  assert.deepEqual([url?.user, url?.hostname, url?.port], [{ name: "n ", password: "p" }, "h", "80"]);
  assert.deepEqual([url?.path, url?.rawPath, url?.fragment], ["/A/", "/%41%2f", "A"]);
  assert.equal(url?.toString({ hidesUser: true }), "http://h:80/%41%2f?q#%41");
});
