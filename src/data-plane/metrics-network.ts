import type { Clock } from "../base/clock.ts";
import type { Network } from "../http/conn.ts";
import { tlsNetwork } from "../http/tls.ts";
import type { TlsSettings } from "../http/tls-identity.ts";
import { ConfigError } from "./config-error.ts";
import { tlsSettingsOf } from "./tls-settings.ts";

export interface MetricsNetworkPorts {
  readonly clock: Clock;
  readonly network: Network;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Text of a file; throws when it cannot be read. */
  readonly readFile: (path: string) => string;
}

const PREFIX = "METRICS_PROMETHEUS_TLS_";
const CERT = `${PREFIX}CERT`;
const KEY = `${PREFIX}KEY`;
const CLIENT_AUTH = `${PREFIX}CLIENT_AUTH`;
const CLIENT_CA = `${PREFIX}CLIENT_CA_FILE`;

/**
 * What Prometheus' port listens with: plain, or TLS when METRICS_PROMETHEUS_TLS_CERT and _KEY name files, which are
 * read once; _CLIENT_AUTH and _CLIENT_CA_FILE say which clients are let in (spec M-021). Throws ConfigError.
 */
export function metricsNetwork({ clock, network, env, readFile }: MetricsNetworkPorts): Network {
  const { [CERT]: certPath = "", [KEY]: keyPath = "" } = env;
  if ((certPath === "") !== (keyPath === ""))
    throw new ConfigError(CERT, `${CERT} and ${KEY} need each other`);
  const auth = clientAuthOf(env, certPath !== "");
  if (certPath === "") return network;
  const identity = { cert: readFile(certPath), key: readFile(keyPath) };
  const settings: TlsSettings = {
    ...tlsSettingsOf(env, PREFIX),
    ...(auth !== "none" && {
      clients: { authorities: readFile(env[CLIENT_CA] ?? ""), required: auth === "require" },
    }),
  };
  return tlsNetwork({ clock, serving: { network, identityFor: () => identity }, settings });
}

function clientAuthOf(
  env: MetricsNetworkPorts["env"],
  isEncrypted: boolean,
): "none" | "optional" | "require" {
  const text = (env[CLIENT_AUTH] ?? "").trim().toLowerCase();
  const auth = text === "" ? "none" : text;
  const hasAuthorities = (env[CLIENT_CA] ?? "").trim() !== "";
  if (auth !== "none" && auth !== "optional" && auth !== "require")
    throw new ConfigError(CLIENT_AUTH, `${CLIENT_AUTH} is "${text}", not none, optional or require`);
  if (!isEncrypted && (auth !== "none" || hasAuthorities))
    throw new ConfigError(CLIENT_AUTH, `${CLIENT_AUTH} and ${CLIENT_CA} need ${CERT} and ${KEY}`);
  if (auth !== "none" && !hasAuthorities)
    throw new ConfigError(CLIENT_CA, `${CLIENT_CA} is needed where ${CLIENT_AUTH} is ${auth}`);
  return auth;
}
