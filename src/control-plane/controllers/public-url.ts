/** Where the gateway listens, as users see it; absent = the scheme's own port. */
export interface UrlPorts {
  readonly http?: number | undefined;
  readonly https?: number | undefined;
}

export function publicUrl(scheme: string, host: string, ports: UrlPorts = {}): string {
  const [port, usual] = scheme === "https" ? [ports.https, 443] : [ports.http, 80];
  return `${scheme}://${host}${port === undefined || port === usual ? "" : `:${port}`}`;
}
