export const HELP = `ebb: HTTP services that scale to zero, with Knative's API, on this machine

  ebb up                      start the engine and stay until Ctrl-C
      --home DIR              where all state lies (default ~/.ebb, or EBB_HOME)
      --http-port N           the gateway's port (default 8080; 0 = any free port)
      --https-port N          its port for https (default 8443, or a free one when that is taken)
      --api-port N            the Kubernetes API's port (default 6443; 0 = any free port)
      -o json                 print one JSON line on stdout when everything answers
                              SIGUSR2 replaces the data-plane process without losing a request

  ebb image add NAME PATH [-- command…]
                              put a file or folder into the image store under NAME
  ebb image list              what the store holds
  ebb image remove NAME       take it out again
      --home DIR              as above; works whether or not the engine runs

  ebb kubeconfig --user NAME [--group GROUP]…
                              print a kubeconfig for another user, who may what RBAC gives to the name and its groups
      --days N                how long it is valid (default 365)
      --home DIR              as above; works whether or not the engine runs

  ebb version                 print the version
  ebb help                    print this

Then: kubectl --kubeconfig ~/.ebb/kubeconfig apply -f service.yaml
`;

/** Whether the command itself is asked for help; what stands behind `--` belongs to a program. */
export function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  const own = end === -1 ? args : args.slice(0, end);
  return own.includes("--help") || own.includes("-h");
}
