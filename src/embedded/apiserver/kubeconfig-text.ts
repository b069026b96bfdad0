/** What kubectl takes with --kubeconfig. */
export interface KubeconfigParts {
  /** `https://127.0.0.1:6443`. */
  readonly url: string;
  /** PEM. */
  readonly caCertificate: string;
  /** How the user is called in the file. */
  readonly user: string;
  /** What the user is proven by, as the file's fields. */
  readonly proof: Readonly<Record<string, string>>;
}

export function kubeconfigText({ url, caCertificate, user, proof }: KubeconfigParts): string {
  // JSON's texts are YAML's: names of users may hold anything.
  const name = JSON.stringify(user);
  const fields = Object.entries(proof).map(([field, value]) => `    ${field}: ${value}\n`);
  return `apiVersion: v1
kind: Config
clusters:
- name: ebb
  cluster:
    server: ${url}
    certificate-authority-data: ${inBase64(caCertificate)}
contexts:
- name: ebb
  context:
    cluster: ebb
    user: ${name}
    namespace: default
current-context: ebb
users:
- name: ${name}
  user:
${fields.join("")}`;
}

export function inBase64(text: string): string {
  return Buffer.from(text).toString("base64");
}
