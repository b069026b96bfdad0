import { createHash } from "node:crypto";

const LENGTH_MAX = 63;
const HASH_LENGTH = 32;
const HEAD_LENGTH = LENGTH_MAX - HASH_LENGTH;

/**
 * The name of a child: parent and suffix, with a hash of the parent in the place of what would make it longer than a
 * DNS label (spec A-132 with its erratum for long suffixes).
 */
export function childName(parent: string, suffix: string): string {
  if (parent.length + suffix.length <= LENGTH_MAX) return parent + suffix;
  if (suffix.length < HEAD_LENGTH) return parent.slice(0, HEAD_LENGTH - suffix.length) + md5(parent) + suffix;
  const hashed = parent.slice(0, HEAD_LENGTH) + md5(parent + suffix);
  const rest = LENGTH_MAX - hashed.length;
  return (hashed + suffix.slice(0, Math.max(rest, 0))).replace(/[^a-z0-9]+$/, "");
}

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}
