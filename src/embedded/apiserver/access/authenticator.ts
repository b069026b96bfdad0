import { timingSafeEqual } from "node:crypto";
import { AUTHENTICATED, administrator, type Identity } from "./identity.ts";
import type { ServiceAccountTokens } from "./service-account-tokens.ts";

/** What a connection proves: a client certificate of our authority, the administrator's token, or an account's. */
export interface Proof {
  readonly authorization: string | undefined;
  /** Subject of a client certificate that our authority has signed. */
  readonly certificate?: { readonly name: string; readonly groups: readonly string[] };
  /** The administrator's token at this front; the server's own counts too. */
  readonly adminToken?: string;
}

export class Authenticator {
  readonly #adminToken: string;
  readonly #tokens: ServiceAccountTokens;

  constructor(adminToken: string, tokens: ServiceAccountTokens) {
    this.#adminToken = adminToken;
    this.#tokens = tokens;
  }

  /** A certificate counts before a token; no token, an empty one or another scheme is anonymous. */
  async identify({ authorization, certificate, adminToken }: Proof): Promise<Identity> {
    if (certificate)
      return { type: "known", name: certificate.name, groups: [...certificate.groups, AUTHENTICATED] };
    const token = /^bearer +(\S+)\s*$/i.exec(authorization ?? "")?.[1];
    if (token === undefined) return { type: "anonymous" };
    const isAdmin = adminToken !== undefined && isSame(token, adminToken);
    return isAdmin ? administrator("admin") : this.identifyToken(token);
  }

  /** Whose token it is; `audiences` for tokens that are meant for somebody else than this server. */
  async identifyToken(token: string, audiences?: readonly string[]): Promise<Identity> {
    if (isSame(token, this.#adminToken)) return administrator("admin");
    return (await this.#tokens.identify(token, audiences)) ?? { type: "invalid" };
  }
}

/** In a time that tells nothing but the length, which is no secret. */
function isSame(token: string, secret: string): boolean {
  const [given, known] = [Buffer.from(token), Buffer.from(secret)];
  return given.length === known.length && timingSafeEqual(given, known);
}
