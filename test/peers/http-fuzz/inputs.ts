import { readFileSync } from "node:fs";
import { type Random, randomInt } from "../../../src/base/random.ts";

/** Bytes to be read by everybody: kept cases, and changed ones. */

interface Kept {
  readonly name: string;
  readonly bytes: string;
}

const kept = (file: string): Kept[] =>
  JSON.parse(readFileSync(new URL(`../../corpus/${file}`, import.meta.url), "utf8")) as Kept[];

export const CORPUS: readonly Kept[] = [...kept("request-smuggling.json"), ...kept("http-fuzz.json")];

/** Requests that everybody must take. */
export const VALID: readonly string[] = [
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET /a/b?c=d&e HTTP/1.1\r\nHost: a.example:8080\r\nAccept: */*\r\n\r\n",
  "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
  "OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n",
  "DELETE /x HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
  "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nX-T: 1\r\n\r\n",
  "GET / HTTP/1.0\r\n\r\n",
  "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
  "GET http://a/x?y HTTP/1.1\r\nHost: a\r\n\r\n",
  'GET / HTTP/1.1\r\nhOsT:a\r\nX-Empty:\r\nX-Tab:\tv\t\r\nCookie: a=1; b="2"\r\n\r\n',
  "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /3 HTTP/1.1\r\nHost: a\r\n\r\n",
  `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${"y".repeat(3_000)}\r\n\r\n`,
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n${"z".repeat(4_000)}`,
];

const PIECES = [
  ...'\r|\n|\r\n|\r\n\r\n| |\t|:|;|,|\0|\x0b|\x0c|\x7f|\x80|\xff|=|"|%|/|?|#|*|0|5|f|00000001|-1|+5|0x5'.split(
    "|",
  ),
  ..."chunked|identity|gzip|HTTP/1.1|HTTP/1.0|HTTP/2.0|http/1.1|GET|POST|Host|close|keep-alive".split("|"),
  "Content-Length: 3\r\n",
  "Content-Length:3\r\n",
  "Content-Length : 3\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding:\tchunked\r\n",
  "Transfer_Encoding: chunked\r\n",
  "Host: b\r\n",
  "Expect: 100-continue\r\n",
  "Connection: content-length\r\n",
  "X: y\r\n z\r\n",
  "\r\n0\r\n\r\n",
  "GET /inner HTTP/1.1\r\nHost: a\r\n\r\n",
];

/** Cuts out, doubles, puts in or exchanges a few pieces. */
export function mutated(bytes: string, random: Random): string {
  let text = bytes;
  for (let edits = 1 + randomInt(random, 4); edits > 0; edits--) {
    const at = randomInt(random, text.length + 1);
    const to = Math.min(text.length, at + 1 + randomInt(random, 6));
    const piece = PIECES[randomInt(random, PIECES.length)] ?? "";
    switch (randomInt(random, 5)) {
      case 0:
        text = text.slice(0, at) + text.slice(to);
        break;
      case 1:
        text = text.slice(0, to) + text.slice(at);
        break;
      case 2:
        text = text.slice(0, at) + piece + text.slice(at);
        break;
      case 3:
        text = text.slice(0, at) + piece + text.slice(to);
        break;
      default:
        text = text.slice(0, at) + String.fromCharCode(randomInt(random, 256)) + text.slice(at + 1);
    }
  }
  return text;
}

export function nextInput(random: Random): string {
  const from = randomInt(random, 3) === 0 ? VALID : CORPUS.map(({ bytes }) => bytes);
  return mutated(from[randomInt(random, from.length)] ?? "", random);
}
