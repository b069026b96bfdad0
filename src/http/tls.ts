import type { Clock } from "../base/clock.ts";
import { EbbError, messageOf } from "../base/errors.ts";
import type { Address, Conn, ConnectOptions, Network } from "./conn.ts";
import { SocketError } from "./network.ts";
import { TurnWrites } from "./socket-conn.ts";
import { type IdentityFor, TlsAcceptor } from "./tls-acceptor.ts";
import { connOf, secureOptions, type TlsIdentity, type TlsSettings, tlsLibrary } from "./tls-identity.ts";

export interface TlsTrust {
  /** PEM; default the system's. Asked at each connection, so that it may change. */
  readonly authorities?: () => string | undefined;
  /** Told to the server, which chooses its certificate by it; "" = nothing is told. */
  readonly serverName: string;
  /** One of these must be in the certificate (spec T-011); default `serverName`. */
  readonly acceptedNames?: readonly string[];
  /** Shown to a server that asks for it. */
  readonly identity?: TlsIdentity;
  /** Whoever answers is believed, as the kubelet believes what it probes. */
  readonly isBlind?: boolean;
}

export interface TlsNetworkOptions {
  readonly clock: Clock;
  /** Who is served, and over which network; absent = nothing can listen. */
  readonly serving?: { readonly network: Network; readonly identityFor: IdentityFor };
  readonly settings?: TlsSettings;
  /** Absent = nothing can be connected to. */
  readonly trust?: TlsTrust;
}

/** TLS as a Network: listeners answer handshakes, connections are verified. */
export function tlsNetwork({ serving, ...options }: TlsNetworkOptions): Network {
  const writes = new TurnWrites(options.clock);
  return {
    async listen(address, onConn) {
      if (serving === undefined)
        throw new SocketError("ENOIDENTITY", "there is no certificate to listen with");
      const { accept } = new TlsAcceptor({ ...options, ...serving }, onConn);
      return serving.network.listen(address, accept);
    },
    connect: (address, how) => connectTls(options, writes, { address, ...how }),
  };
}

type Target = ConnectOptions & { readonly address: Address };

function connectTls(
  options: Omit<TlsNetworkOptions, "serving">,
  writes: TurnWrites,
  target: Target,
): Promise<Conn> {
  const { trust, clock, settings } = options;
  const { address, timeoutMs, http2 } = target;
  const where = `connect ${address.ip}:${address.port}`;
  if (trust === undefined) return Promise.reject(new SocketError("ENOTRUST", `${where}: nothing is trusted`));
  const ca = trust.authorities?.();
  const names = trust.acceptedNames ?? [trust.serverName];
  const { connect, checkServerIdentity } = tlsLibrary();
  const { promise, resolve, reject } = Promise.withResolvers<Conn>();
  const socket = connect({
    ...secureOptions(settings),
    host: address.ip,
    port: address.port,
    ...(trust.serverName !== "" && { servername: trust.serverName }),
    rejectUnauthorized: trust.isBlind !== true,
    ALPNProtocols: [http2 ? "h2" : "http/1.1"],
    ...(ca !== undefined && { ca }),
    ...trust.identity,
    checkServerIdentity: (_host, certificate) => {
      if (names.some((name) => checkServerIdentity(name, certificate) === undefined)) return undefined;
      return new EbbError("ENAME", `the certificate is for none of ${names.join(", ")}`);
    },
  });
  socket.allowHalfOpen = true;
  socket.setNoDelay();
  const timer = clock.schedule(timeoutMs, () => {
    socket.destroy();
    reject(new SocketError("ETIMEDOUT", `${where}: no answer within ${timeoutMs} ms`));
  });
  const onError = (error: NodeJS.ErrnoException) => {
    timer.cancel();
    reject(new SocketError(error.code ?? "EUNKNOWN", `${where}: ${messageOf(error)}`, { cause: error }));
  };
  socket.once("error", onError);
  socket.once("secureConnect", () => {
    timer.cancel();
    socket.off("error", onError);
    resolve(connOf(socket, writes));
  });
  return promise;
}
