import type { Difference } from "./differential.ts";

/** Differences that are meant to be, each with its reason. `fits` looks at the bytes that were read. */

export interface Agreed {
  readonly kind: Difference["kind"];
  readonly reason: string;
  readonly fits: RegExp | ((bytes: string, difference: Difference) => boolean);
}

const METHODS =
  "ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY " +
  "OPTIONS PATCH POST PROPFIND PROPPATCH PURGE PUT QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK " +
  "UNLOCK UNSUBSCRIBE";
const KNOWN = new Set(METHODS.split(" "));

const isUnusualMethod = (_bytes: string, { detail }: Difference) =>
  !KNOWN.has(/ebb took (\S+) /.exec(detail)?.[1] ?? "");

export const AGREED: readonly Agreed[] = [
  {
    kind: "more-permissive-than-llhttp",
    reason: "any token is a method (RFC 9110 §9.1); llhttp knows a list",
    fits: isUnusualMethod,
  },
  {
    kind: "more-permissive-than-llhttp",
    reason: "bytes above 127 in a target are escaped, as Go does; llhttp refuses them",
    fits: /(?:^|\n|[^\r\n])[^ \r\n]+ [^ \r\n]*[\x80-\xff][^ \r\n]* HTTP\/1/,
  },
  {
    kind: "more-permissive-than-llhttp",
    reason: "fields that must not be trailers are left out and never forwarded (RFC 9110 §6.5.1)",
    fits: /\r\n0+[^\r\n]*\r\n(?:[^\r\n]+\r\n)*(?:content-length|transfer-encoding|host|connection)[ \t]*:/i,
  },
  {
    kind: "more-permissive-than-llhttp",
    reason: "white space around a value may be a tab (RFC 9110 §5.5)",
    fits: /transfer-encoding:[ \t]*chunked[ \t]*\t[ \t]*\r\n/i,
  },
  {
    kind: "more-permissive-than-nginx",
    reason: "nginx knows methods of capital letters only, and refuses TRACE",
    fits: (bytes, difference) => isUnusualMethod(bytes, difference) || / took TRACE /.test(difference.detail),
  },
  {
    kind: "more-permissive-than-nginx",
    reason: "white space around a value may be a tab (RFC 9110 §5.5)",
    fits: /\n(?:transfer-encoding|content-length|host):(?:[ ]*\t|[^\r\n]*\t[ ]*\r)/i,
  },
  {
    kind: "more-permissive-than-llhttp",
    reason:
      "who does not take an Upgrade goes on with HTTP/1.1 (RFC 9110 §7.8); node:http gives the connection up",
    fits: /\nupgrade:/i,
  },
  {
    kind: "more-permissive-than-nginx",
    reason: "an empty Host is legal where a target has no authority (RFC 9110 §7.2); nginx wants one",
    fits: /\nhost:[ \t]*(?::\d*)?[ \t]*\r/i,
  },
  {
    kind: "more-permissive-than-nginx",
    reason: "nginx takes `close` anywhere in Connection for the option of that name",
    fits: /\nconnection:[^\r\n]*close/i,
  },
  {
    kind: "more-permissive-than-nginx",
    reason:
      "the host of an absolute target may hold what a Host may (RFC 3986 §3.2.2); nginx wants fewer characters",
    fits: /^\S+ https?:\/\/[^/? ]*[!$&'()*+,;=~%]/i,
  },
  {
    kind: "more-permissive-than-nginx",
    reason: "nginx is no server that could be asked about as a whole",
    fits: /OPTIONS \* HTTP\/1/,
  },
  {
    kind: "more-permissive-than-nginx",
    reason: "nginx resolves paths and refuses those that leave the root or hold %00; a proxy passes them on",
    fits: /\.\.|%00|%2e/i,
  },
  {
    kind: "stricter",
    reason: "an empty line before a request is refused, as Go's server does",
    fits: /^[\r\n]/,
  },
  {
    kind: "stricter",
    reason: "one space on each side of the target and none elsewhere in the line (RFC 9112 §3)",
    fits: /^\S+ (?:[^\r\n]* )? *[^ \r\n]* +HTTP|^\S+ {2}|^\S+ [^\r\n]*[\t ]\r?\n/,
  },
  {
    kind: "stricter",
    reason: "a Host holds what a host may hold (RFC 3986 §3.2.2), so that nobody behind reads another one",
    fits: /\nhost[^\r\n]*:[^\r\n]*[^-\w.~!$&'()*+,;=:%[\]\r\n\t ]/i,
  },
  {
    kind: "stricter",
    reason: "a Host without white space in it and with brackets around IPv6 only",
    fits: /\nhost:[ \t]*[^\r\n]*(?:\S[ \t]+\S|[[\]])/i,
  },
  {
    kind: "stricter",
    reason: "expectations other than 100-continue cannot be met: 417",
    fits: /\nexpect[ \t]*:/i,
  },
  {
    kind: "stricter",
    reason: "a length of more than 16 digits is not believed, even where most of them are zeros",
    fits: /\ncontent-length:[ \t]*0\d{16,}/i,
  },
  {
    kind: "stricter",
    reason: "a target in absolute form names http or https and a host",
    fits: /^\S+ [^/ ][^ ]*:\/\//,
  },
  {
    kind: "stricter",
    reason: "a target has no white space, no control character, and escapes that are escapes",
    fits: /^\S+ [^ \r\n]*(?:[\0-\x20\x7f]|%(?![0-9A-Fa-f]{2}))/,
  },
  {
    kind: "stricter",
    reason: "a line that ends in LF alone, anywhere in a head (RFC 9112 §2.2 only allows to take it)",
    fits: /[^\r]\n/,
  },
  {
    kind: "stricter",
    reason: "chunk extensions and chunk lines are bounded and hold no bare CR",
    fits: /\r\n[0-9a-f]+[ \t]*;[^\r\n]*\r[^\n]|\r\n[0-9a-f]+;[^\r\n]{1000}/i,
  },
];

/** The reason of the first that fits. */
export function agreedReason(bytes: string, difference: Difference): string | undefined {
  return AGREED.find(
    ({ kind, fits }) =>
      kind === difference.kind && (typeof fits === "function" ? fits(bytes, difference) : fits.test(bytes)),
  )?.reason;
}
