/**
 * Forms of names as Kubernetes checks them. Each function gives the list of its complaints, in Kubernetes' words,
 * empty when all is well.
 */

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
const QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const LABEL_VALUE = `(${QUALIFIED})?`;
const C_IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]*";
const CONFIG_KEY = "[-._a-zA-Z0-9]+";

function regexText(message: string, pattern: string, examples: readonly string[]): string {
  const shown = examples.map((example) => `'${example}', `).join(" or ");
  return `${message} (e.g. ${shown}regex used for validation is '${pattern}')`;
}

function matches(pattern: string, text: string): boolean {
  return new RegExp(`^(?:${pattern})$`).test(text) && !text.endsWith("\n");
}

function tooLong(limit: number, text: string): string[] {
  return Buffer.byteLength(text) > limit ? [`must be no more than ${limit} characters`] : [];
}

const LABEL_COMPLAINT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with" +
  " an alphanumeric character";
const SUBDOMAIN_COMPLAINT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and" +
  " end with an alphanumeric character";
const LABEL_1035_COMPLAINT =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and" +
  " end with an alphanumeric character";
const QUALIFIED_COMPLAINT =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const LABEL_KEY_COMPLAINT =
  "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an" +
  " alphanumeric character";
const LABEL_VALUE_COMPLAINT =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end" +
  " with an alphanumeric character";

export function dns1123LabelErrors(text: string): string[] {
  const errors = tooLong(63, text);
  if (matches(LABEL, text)) return errors;
  if (matches(SUBDOMAIN, text)) return [...errors, "must not contain dots"];
  return [...errors, regexText(LABEL_COMPLAINT, LABEL, ["my-name", "123-abc"])];
}

export function dns1123SubdomainErrors(text: string): string[] {
  const errors = tooLong(253, text);
  return matches(SUBDOMAIN, text)
    ? errors
    : [...errors, regexText(SUBDOMAIN_COMPLAINT, SUBDOMAIN, ["example.com"])];
}

/** A name by which a host can be reached from anywhere: a subdomain of at least two labels. */
export function fullyQualifiedNameErrors(text: string): string[] {
  const name = text.replace(/\.$/, "");
  const errors = dns1123SubdomainErrors(name);
  if (errors.length > 0 || name.includes(".")) return errors;
  return ["should be a domain with at least two segments separated by dots"];
}

export function dns1035LabelErrors(text: string): string[] {
  const errors = tooLong(63, text);
  return matches(LABEL_1035, text)
    ? errors
    : [...errors, regexText(LABEL_1035_COMPLAINT, LABEL_1035, ["my-name", "abc-123"])];
}

/** A prefix to which something will be appended may end with a dash. */
export function dns1035PrefixErrors(text: string): string[] {
  return dns1035LabelErrors(maskTrailingDash(text));
}

export function dns1123SubdomainPrefixErrors(text: string): string[] {
  return dns1123SubdomainErrors(maskTrailingDash(text));
}

function maskTrailingDash(text: string): string {
  return text.length > 1 && text.endsWith("-") ? `${text.slice(0, -2)}a` : text;
}

export function qualifiedNameErrors(text: string): string[] {
  const parts = text.split("/");
  const name = parts.at(-1) ?? "";
  const errors: string[] = [];
  if (parts.length === 2) {
    const prefix = parts[0] ?? "";
    if (prefix === "") errors.push("prefix part must be non-empty");
    else errors.push(...dns1123SubdomainErrors(prefix).map((one) => `prefix part ${one}`));
  } else if (parts.length > 2) {
    const complaint = regexText(LABEL_KEY_COMPLAINT, QUALIFIED, ["MyName", "my.name", "123-abc"]);
    return [`${complaint} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  if (name === "") errors.push("name part must be non-empty");
  else errors.push(...tooLong(63, name).map((one) => `name part ${one}`));
  if (!matches(QUALIFIED, name)) {
    errors.push(`name part ${regexText(QUALIFIED_COMPLAINT, QUALIFIED, ["MyName", "my.name", "123-abc"])}`);
  }
  return errors;
}

export function labelValueErrors(text: string): string[] {
  const errors = tooLong(63, text);
  return matches(LABEL_VALUE, text)
    ? errors
    : [...errors, regexText(LABEL_VALUE_COMPLAINT, LABEL_VALUE, ["MyValue", "my_value", "12345"])];
}

export function cIdentifierErrors(text: string): string[] {
  if (matches(C_IDENTIFIER, text)) return [];
  const complaint =
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric" +
    " characters or '_'";
  return [regexText(complaint, C_IDENTIFIER, ["my_name", "MY_NAME", "MyName"])];
}

export function configKeyErrors(text: string): string[] {
  const errors = tooLong(253, text);
  if (!matches(CONFIG_KEY, text)) {
    const complaint = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    return [...errors, regexText(complaint, CONFIG_KEY, ["key.name", "KEY_NAME", "key-name"])];
  }
  if (text === ".") return [...errors, "must not be '.'"];
  if (text === "..") return [...errors, "must not be '..'"];
  return text.startsWith("..") ? [...errors, "must not start with '..'"] : errors;
}

/** Names of environment variables: anything printable but `=`. */
export function envNameErrors(text: string): string[] {
  return /^[ -<>-~]+$/.test(text)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

export function portNumberErrors(port: number): string[] {
  return port >= 1 && port <= 65535 ? [] : ["must be between 1 and 65535, inclusive"];
}

/** Names of ports (IANA service names). */
export function portNameErrors(text: string): string[] {
  const errors = text.length > 15 ? ["must be no more than 15 characters"] : [];
  if (!/^[-a-z0-9]+$/.test(text))
    errors.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  if (!/[a-z]/.test(text)) errors.push("must contain at least one letter (a-z)");
  if (text.includes("--")) errors.push("must not contain consecutive hyphens");
  if (text.startsWith("-") || text.endsWith("-")) errors.push("must not begin or end with a hyphen");
  return errors;
}

export function portErrors(port: number | string): string[] {
  return typeof port === "number" ? portNumberErrors(port) : portNameErrors(port);
}

export function httpHeaderNameErrors(text: string): string[] {
  if (/^[-A-Za-z0-9]+$/.test(text)) return [];
  const complaint = "a valid HTTP header must consist of alphanumeric characters or '-'";
  return [regexText(complaint, "[-A-Za-z0-9]+", ["X-Header-Name"])];
}

export function isIpv4(text: string): boolean {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  return parts?.slice(1).every((part) => Number(part) < 256) ?? false;
}

export function isIpv6(text: string): boolean {
  return text.includes(":") && URL.canParse(`http://[${text}]`);
}
