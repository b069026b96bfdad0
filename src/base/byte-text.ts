/** What HTTP carries is bytes, which the engine holds as texts of one character for each (latin1). */

/** The Unicode text that such bytes are; what is no UTF-8 becomes U+FFFD. */
export function textOfBytes(bytes: string): string {
  return /[\x80-\xff]/.test(bytes) ? Buffer.from(bytes, "latin1").toString() : bytes;
}

/** The bytes that say a text. */
export function bytesOfText(text: string): string {
  return Buffer.from(text).toString("latin1");
}
