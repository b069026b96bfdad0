/**
 * URLs as Go's net/url reads and writes them: Knative's probes, redirects and log templates mean them so. Texts are
 * byte strings (latin1). Pure.
 */

export interface GoUser {
  readonly name: string;
  readonly password: string | undefined;
}

interface Parts {
  scheme: string;
  opaque: string;
  user: GoUser | undefined;
  /** With its port, as written. */
  host: string;
  omitHost: boolean;
  /** Escaped, as written. */
  path: string;
  /** It was written with nothing behind the question mark. */
  forceQuery: boolean;
  query: string;
  /** Escaped, as written. */
  fragment: string;
}

const NOTHING: Parts = {
  scheme: "",
  opaque: "",
  user: undefined,
  host: "",
  omitHost: false,
  path: "",
  forceQuery: false,
  query: "",
  fragment: "",
};

const BROKEN_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
const CONTROL = /[\x00-\x1f\x7f]/;
/** What Go does not leave as it is when it writes a path. */
const PATH_ESCAPED = /[^A-Za-z0-9\-_.~$&+,/:;=@]/g;
/** A path with nothing else in it is written as it came. */
const PATH_KEPT = /^[A-Za-z0-9\-_.~$&+,/:;=@!'()*[\]%]*$/;
const HOST_ESCAPED = /[^A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]/g;
const HOST_REFUSED = /[\x20#%/?@\\^`{|}]/;
const FRAGMENT_KEPT = /^[A-Za-z0-9\-_.~$&+,/:;=?@!'()*[\]%]*$/;
const FRAGMENT_ESCAPED = /[^A-Za-z0-9\-_.~$&+,/:;=?@!()*]/g;
const USER_ALLOWED = /^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/;
const USER_ESCAPED = /[^A-Za-z0-9\-_.~$&+,;=]/g;

export class GoUrl {
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Undefined when Go refuses it. `isRequest`: as a request's target, which has no fragment and is absolute. */
  static parse(text: string, { isRequest = false } = {}): GoUrl | undefined {
    const hash = isRequest ? -1 : text.indexOf("#");
    const fragment = hash < 0 ? "" : text.slice(hash + 1);
    const url = hash < 0 ? text : text.slice(0, hash);
    if (CONTROL.test(url) || (isRequest && url === "") || BROKEN_ESCAPE.test(fragment)) return undefined;
    if (url === "*") return new GoUrl({ ...NOTHING, path: "*" });
    const parts = partsOf(url, isRequest);
    return parts && new GoUrl({ ...parts, fragment });
  }

  get scheme(): string {
    return this.#parts.scheme;
  }

  get opaque(): string {
    return this.#parts.opaque;
  }

  get user(): GoUser | undefined {
    return this.#parts.user;
  }

  get host(): string {
    return this.#parts.host;
  }

  /** Without brackets. */
  get hostname(): string {
    const { host } = this.#parts;
    const end = host.indexOf("]");
    if (host.startsWith("[") && end > 0) return host.slice(1, end);
    return host.replace(/:\d*$/, "");
  }

  get port(): string {
    return /:(\d*)$/.exec(this.#parts.host)?.[1] ?? "";
  }

  get omitHost(): boolean {
    return this.#parts.omitHost;
  }

  /** Unescaped. */
  get path(): string {
    return unescaped(this.#parts.path);
  }

  /** Set where writing the path again would give another text. */
  get rawPath(): string {
    const { path } = this.#parts;
    return path === "*" || escaped(unescaped(path), PATH_ESCAPED) === path ? "" : path;
  }

  get escapedPath(): string {
    const { path } = this.#parts;
    return PATH_KEPT.test(path) ? path : escaped(unescaped(path), PATH_ESCAPED);
  }

  get forceQuery(): boolean {
    return this.#parts.forceQuery;
  }

  /** As written. */
  get query(): string {
    return this.#parts.query;
  }

  get fragment(): string {
    return unescaped(this.#parts.fragment);
  }

  /** What stands in the request line. */
  get requestTarget(): string {
    const { opaque, scheme } = this.#parts;
    const path = this.escapedPath || "/";
    const target = opaque === "" ? path : opaque.startsWith("//") ? `${scheme}:${opaque}` : opaque;
    return target + this.#queryText;
  }

  get #queryText(): string {
    const { forceQuery, query } = this.#parts;
    return forceQuery || query !== "" ? `?${query}` : "";
  }

  /** Whether a reference is meant from here: a redirect's Location. */
  resolve(text: string): GoUrl | undefined {
    const to = GoUrl.parse(text);
    if (to === undefined) return undefined;
    const ref = to.#parts;
    const scheme = ref.scheme || this.#parts.scheme;
    if (ref.scheme !== "" || ref.host !== "" || ref.user !== undefined) {
      return new GoUrl({ ...ref, scheme, path: resolvedPath(to.escapedPath, "") });
    }
    if (ref.opaque !== "") return new GoUrl({ ...ref, scheme });
    const { user, host } = this.#parts;
    const inherits = ref.path === "" && !ref.forceQuery && ref.query === "";
    const query = inherits ? this.#parts.query : ref.query;
    const fragment = inherits && ref.fragment === "" ? this.#parts.fragment : ref.fragment;
    const path = resolvedPath(this.escapedPath, to.escapedPath);
    return new GoUrl({ ...ref, scheme, user, host, query, fragment, path });
  }

  /** `hidesUser`: without name and password, as a Referer. */
  toString({ hidesUser = false } = {}): string {
    const { scheme, opaque, host, omitHost, fragment } = this.#parts;
    const user = hidesUser ? undefined : this.#parts.user;
    let text = scheme === "" ? "" : `${scheme}:`;
    if (opaque !== "") text += opaque;
    else {
      const path = this.escapedPath;
      const hasAuthority = scheme !== "" || host !== "" || user !== undefined;
      if (hasAuthority && !(omitHost && host === "" && user === undefined)) {
        if (host !== "" || path !== "" || user !== undefined) text += "//";
        if (user !== undefined) text += `${userText(user)}@`;
        text += escaped(host, HOST_ESCAPED);
      }
      if (path !== "" && !path.startsWith("/") && host !== "") text += "/";
      // Else the colon would end a scheme.
      if (text === "" && (path.split("/", 1)[0] ?? "").includes(":")) text = "./";
      text += path;
    }
    text += this.#queryText;
    if (fragment === "") return text;
    const isKept = FRAGMENT_KEPT.test(fragment);
    return `${text}#${isKept ? fragment : escaped(unescaped(fragment), FRAGMENT_ESCAPED)}`;
  }
}

function partsOf(url: string, isRequest: boolean): Parts | undefined {
  const schemeText = /^[A-Za-z][A-Za-z0-9+.-]*:/.exec(url)?.[0] ?? "";
  if (url.startsWith(":")) return undefined;
  const scheme = schemeText.slice(0, -1).toLowerCase();
  const rest = url.slice(schemeText.length);
  const mark = rest.indexOf("?");
  const forceQuery = mark >= 0 && mark === rest.length - 1;
  const query = mark < 0 ? "" : rest.slice(mark + 1);
  const hierarchy = mark < 0 ? rest : rest.slice(0, mark);
  const parts = { ...NOTHING, scheme, query, forceQuery };
  if (!hierarchy.startsWith("/")) {
    if (scheme !== "") return { ...parts, opaque: hierarchy };
    if (isRequest || (hierarchy.split("/", 1)[0] ?? "").includes(":")) return undefined;
  }
  const mayHaveAuthority = scheme !== "" || (!isRequest && !hierarchy.startsWith("///"));
  if (!mayHaveAuthority || !hierarchy.startsWith("//")) {
    const omitHost = scheme !== "" && hierarchy.startsWith("/");
    return BROKEN_ESCAPE.test(hierarchy) ? undefined : { ...parts, omitHost, path: hierarchy };
  }
  const [, authority = "", path = ""] = /^\/\/([^/]*)(.*)$/s.exec(hierarchy) ?? [];
  const named = authorityOf(authority, scheme);
  return named === undefined || BROKEN_ESCAPE.test(path) ? undefined : { ...parts, ...named, path };
}

function authorityOf(authority: string, scheme: string): Pick<Parts, "user" | "host"> | undefined {
  const at = authority.lastIndexOf("@");
  const host = hostOf(authority.slice(at + 1), scheme);
  if (host === undefined) return undefined;
  if (at < 0) return { user: undefined, host };
  const [, name = "", password] = /^([^:]*)(?::(.*))?$/s.exec(authority.slice(0, at)) ?? [];
  if (!USER_ALLOWED.test(authority.slice(0, at)) || BROKEN_ESCAPE.test(authority.slice(0, at)))
    return undefined;
  return {
    user: { name: unescaped(name), password: password === undefined ? undefined : unescaped(password) },
    host,
  };
}

function hostOf(host: string, scheme: string): string | undefined {
  if (host.startsWith("[")) {
    const literal = /^\[([0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)(?:%25([^\]]+))?\](:\d*)?$/.exec(host);
    if (literal === null) return undefined;
    const [, address, zone, port = ""] = literal;
    return zone === undefined ? host : `[${address}%${unescaped(zone)}]${port}`;
  }
  // An escape may only stand for a byte that is no ASCII.
  const shape = /^https?$/.test(scheme) ? /^[^:[]*(?::\d*)?$/ : /^(?:[^[]*:\d*|[^:[]*)$/;
  const isAllowed = shape.test(host) && !/%(?!25|[89A-Fa-f][0-9A-Fa-f])/.test(host);
  return isAllowed && !HOST_REFUSED.test(host.replaceAll("%", "")) ? unescaped(host) : undefined;
}

/** Both are escaped; dots are taken out (RFC 3986 §5.2.4). */
function resolvedPath(base: string, ref: string): string {
  const full = ref === "" ? base : ref.startsWith("/") ? ref : base.slice(0, base.lastIndexOf("/") + 1) + ref;
  if (full === "") return "";
  let text = "/";
  let isFirst = true;
  for (const segment of full.split("/")) {
    if (segment === ".") isFirst = false;
    else if (segment === "..") {
      text = text.slice(0, Math.max(1, text.lastIndexOf("/")));
      isFirst = text === "/";
    } else {
      text += isFirst ? segment : `/${segment}`;
      isFirst = false;
    }
  }
  if (/(?:^|\/)\.\.?$/.test(full)) text += "/";
  return text.startsWith("//") ? text.slice(1) : text;
}

function userText({ name, password }: GoUser): string {
  const shown = escaped(name, USER_ESCAPED);
  return password === undefined ? shown : `${shown}:${escaped(password, USER_ESCAPED)}`;
}

function escaped(text: string, what: RegExp): string {
  return text.replace(what, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

function unescaped(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
