/** Image names as registries write them: `[host[:port]/]path[:tag][@digest]`. */
export interface Reference {
  /** Without tag and digest. */
  readonly name: string;
  readonly tag: string;
  readonly digest?: string;
}

const SHAPE =
  /^([a-zA-Z0-9.-]+(?::\d+)?\/)?([a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/;

/** Undefined when the text is not an image name. A missing tag is `latest`; with a digest the tag means nothing. */
export function parseReference(text: string): Reference | undefined {
  const match = SHAPE.exec(text);
  if (!match?.[2]) return undefined;
  const [, host = "", path, tag = "latest", digest] = match;
  return { name: host + path, tag, ...(digest === undefined ? {} : { digest }) };
}

export function referenceText({ name, tag }: Reference): string {
  return `${name}:${tag}`;
}
