/** Whether a text names an image, read as leniently as Knative reads it (spec A-150, errata). */

const REPOSITORY = /^[a-z0-9_\-./]{2,255}$/;
const TAG = /^[a-zA-Z0-9_\-.]{1,128}$/;
const DIGEST = /^sha256:[a-f0-9]{64}$/;
const REGISTRY = /^[a-zA-Z0-9._~%!$&'()*+,;=-]*(:[0-9]*)?$|^\[[0-9a-fA-F:.]+\](:[0-9]*)?$/;

/** The complaint, or undefined when the reference is good. */
export function imageReferenceError(image: string): string | undefined {
  if (isTagged(image)) return undefined;
  const [base = "", digest, ...rest] = image.split("@");
  const isDigest = digest !== undefined && rest.length === 0 && DIGEST.test(digest);
  if (isDigest && (isTagged(base) || isRepository(base))) return undefined;
  return `could not parse reference: ${image}`;
}

function isTagged(image: string): boolean {
  const colon = image.lastIndexOf(":");
  // A colon before the last slash belongs to a port of the registry.
  if (colon < 0 || image.slice(colon).includes("/")) return isRepository(image);
  const tag = image.slice(colon + 1);
  return (tag === "" || TAG.test(tag)) && isRepository(image.slice(0, colon));
}

function isRepository(name: string): boolean {
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  if (!first.includes(".") && !first.includes(":")) return REPOSITORY.test(name);
  return REPOSITORY.test(name.slice(slash + 1)) && REGISTRY.test(first);
}
