/**
 * What Go's http.DetectContentType says of a body's first bytes. Knative's queue-proxy adds it to answers that name no
 * type, and clients rely on it. The table follows the WHATWG MIME Sniffing standard.
 */

/** Bytes that are looked at. */
export const SNIFF_BYTES = 512;

export function detectContentType(bytes: Uint8Array): string {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, SNIFF_BYTES));
  const start = firstNonSpace(data);
  return markupType(data, start) ?? magicType(data) ?? mp4Type(data) ?? textType(data, start);
}

const SPACE = new Set([0x09, 0x0a, 0x0c, 0x0d, 0x20]);

function firstNonSpace(data: Buffer): number {
  let at = 0;
  while (at < data.length && SPACE.has(data[at] ?? 0)) at += 1;
  return at;
}

const HTML_TAGS =
  "<!DOCTYPE HTML,<HTML,<HEAD,<SCRIPT,<IFRAME,<H1,<DIV,<FONT,<TABLE,<A,<STYLE,<TITLE,<B,<BODY,<BR,<P,<!--".split(
    ",",
  );

/** A tag counts only when a space or `>` follows. */
function markupType(data: Buffer, start: number): string | undefined {
  if (data[start] !== 0x3c) return undefined;
  const text = data.toString("latin1", start, start + 20);
  const upper = text.toUpperCase();
  const isTag = HTML_TAGS.some((tag) => upper.startsWith(tag) && /^[ >]/.test(upper.slice(tag.length)));
  if (isTag) return "text/html; charset=utf-8";
  return text.startsWith("<?xml") ? "text/xml; charset=utf-8" : undefined;
}

const UTF8 = "text/plain; charset=utf-8";

/** Text in latin1, which stands at `from` (0), → type; a dot at one of `anyAt` means "any byte". */
const MAGIC: readonly (readonly [text: string, type: string, anyAt?: readonly number[], from?: number])[] = [
  ["%PDF-", "application/pdf"],
  ["%!PS-Adobe-", "application/postscript"],
  ["\xfe\xff..", "text/plain; charset=utf-16be", [2, 3]],
  ["\xff\xfe..", "text/plain; charset=utf-16le", [2, 3]],
  ["\xef\xbb\xbf.", UTF8, [3]],
  ["\x00\x00\x01\x00", "image/x-icon"],
  ["\x00\x00\x02\x00", "image/x-icon"],
  ["BM", "image/bmp"],
  ["GIF87a", "image/gif"],
  ["GIF89a", "image/gif"],
  ["RIFF....WEBPVP", "image/webp", [4, 5, 6, 7]],
  ["\x89PNG\x0d\x0a\x1a\x0a", "image/png"],
  ["\xff\xd8\xff", "image/jpeg"],
  ["FORM....AIFF", "audio/aiff", [4, 5, 6, 7]],
  ["ID3", "audio/mpeg"],
  ["OggS\x00", "application/ogg"],
  ["MThd\x00\x00\x00\x06", "audio/midi"],
  ["RIFF....AVI ", "video/avi", [4, 5, 6, 7]],
  ["RIFF....WAVE", "audio/wave", [4, 5, 6, 7]],
  ["\x1a\x45\xdf\xa3", "video/webm"],
  ["LP", "application/vnd.ms-fontobject", [], 34],
  ["\x00\x01\x00\x00", "font/ttf"],
  ["OTTO", "font/otf"],
  ["ttcf", "font/collection"],
  ["wOFF", "font/woff"],
  ["wOF2", "font/woff2"],
  ["\x1f\x8b\x08", "application/x-gzip"],
  ["PK\x03\x04", "application/zip"],
  ["Rar!\x1a\x07\x00", "application/x-rar-compressed"],
  ["Rar!\x1a\x07\x01\x00", "application/x-rar-compressed"],
  ["\x00\x61\x73\x6d", "application/wasm"],
];

function magicType(data: Buffer): string | undefined {
  const text = data.toString("latin1", 0, 36);
  for (const [magic, type, anyAt, from = 0] of MAGIC) {
    if (text.length < from + magic.length) continue;
    let fits = true;
    for (let at = 0; at < magic.length && fits; at++)
      fits = text[from + at] === magic[at] || anyAt?.includes(at) === true;
    if (fits) return type;
  }
  return undefined;
}

/** A box `ftyp` whose brands name mp4. */
function mp4Type(data: Buffer): string | undefined {
  if (data.length < 12) return undefined;
  const boxSize = data.readUInt32BE(0);
  if (data.length < boxSize || boxSize % 4 !== 0 || data.toString("latin1", 4, 8) !== "ftyp")
    return undefined;
  for (let at = 8; at < boxSize; at += 4) {
    if (at === 12) continue;
    if (data.toString("latin1", at, at + 3) === "mp4") return "video/mp4";
  }
  return undefined;
}

/** Binary when a byte is there that no text has. */
function textType(data: Buffer, start: number): string {
  for (let at = start; at < data.length; at++) {
    const byte = data[at] ?? 0;
    const binary =
      byte <= 0x08 || byte === 0x0b || (byte >= 0x0e && byte <= 0x1a) || (byte >= 0x1c && byte <= 0x1f);
    if (binary) return "application/octet-stream";
  }
  return UTF8;
}
