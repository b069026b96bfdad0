import type { TlsSettings } from "../http/tls-identity.ts";
import { ConfigError } from "./config-error.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The variables that begin so (`QUEUE_PROXY_TLS_`), in OpenSSL's words (spec Q-005, M-021). Throws ConfigError. */
export function tlsSettingsOf(env: Environment, prefix: string): TlsSettings {
  const minVersion = chosen(env, `${prefix}MIN_VERSION`, VERSIONS);
  const maxVersion = chosen(env, `${prefix}MAX_VERSION`, VERSIONS);
  const ciphers = list(env, `${prefix}CIPHER_SUITES`, CIPHERS);
  const curves = list(env, `${prefix}CURVE_PREFERENCES`, CURVES);
  return {
    minVersion: minVersion ?? "TLSv1.3",
    ...(maxVersion && { maxVersion }),
    ...(ciphers && { ciphers }),
    ...(curves && { curves }),
  };
}

const VERSIONS = { "1.2": "TLSv1.2", "1.3": "TLSv1.3" } as const;

/** Go's names. Those of TLS 1.3 are the same in OpenSSL. */
const CIPHERS = {
  TLS_AES_128_GCM_SHA256: "TLS_AES_128_GCM_SHA256",
  TLS_AES_256_GCM_SHA384: "TLS_AES_256_GCM_SHA384",
  TLS_CHACHA20_POLY1305_SHA256: "TLS_CHACHA20_POLY1305_SHA256",
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: "ECDHE-ECDSA-AES128-SHA",
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: "ECDHE-ECDSA-AES256-SHA",
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: "ECDHE-RSA-AES128-SHA",
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: "ECDHE-RSA-AES256-SHA",
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: "ECDHE-ECDSA-AES128-GCM-SHA256",
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: "ECDHE-ECDSA-AES256-GCM-SHA384",
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: "ECDHE-RSA-AES128-GCM-SHA256",
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: "ECDHE-RSA-AES256-GCM-SHA384",
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-ECDSA-CHACHA20-POLY1305",
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-RSA-CHACHA20-POLY1305",
} as const;

const CURVES = {
  X25519: "X25519",
  CurveP256: "P-256",
  CurveP384: "P-384",
  CurveP521: "P-521",
  X25519MLKEM768: "X25519MLKEM768",
} as const;

function chosen<Known extends Readonly<Record<string, string>>>(
  env: Environment,
  variable: string,
  known: Known,
): Known[keyof Known] | undefined {
  const text = env[variable]?.trim() ?? "";
  if (text === "") return undefined;
  if (Object.hasOwn(known, text)) return known[text] as Known[keyof Known];
  const choices = Object.keys(known).join(", ");
  throw new ConfigError(variable, `invalid ${variable} ${JSON.stringify(text)}: must be one of ${choices}`);
}

function list(
  env: Environment,
  variable: string,
  known: Readonly<Record<string, string>>,
): string | undefined {
  const names = (env[variable] ?? "").split(",").filter((name) => name.trim() !== "");
  const found = names.map((name) => chosen({ [variable]: name }, variable, known));
  return found.length === 0 ? undefined : found.join(":");
}
