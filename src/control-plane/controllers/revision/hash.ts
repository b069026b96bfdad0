/** FNV-1a of the UTF-8 bytes, 32 bits, in base 36 (spec A-072). */
export function fnv32aBase36(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(36);
}
