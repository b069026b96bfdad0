/** Which texts name objects, labels and annotations, and Kubernetes' words for those that do not. */

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
const QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const NAME_MAX = 63;
const SUBDOMAIN_MAX = 253;

function matches(pattern: string, text: string): boolean {
  return new RegExp(`^${pattern}$`).test(text);
}

function tooLong(max: number): string {
  return `must be no more than ${max} characters`;
}

function usedFor(pattern: string): string {
  return `regex used for validation is '${pattern}')`;
}

export function subdomainProblems(text: string): string[] {
  const problems = text.length > SUBDOMAIN_MAX ? [tooLong(SUBDOMAIN_MAX)] : [];
  if (!matches(SUBDOMAIN, text))
    problems.push(
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start " +
        `and end with an alphanumeric character (e.g. 'example.com', ${usedFor(SUBDOMAIN)}`,
    );
  return problems;
}

export function labelProblems(text: string): string[] {
  const problems = text.length > NAME_MAX ? [tooLong(NAME_MAX)] : [];
  if (matches(LABEL, text)) return problems;
  if (matches(SUBDOMAIN, text)) return [...problems, "must not contain dots"];
  return [
    ...problems,
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an " +
      `alphanumeric character (e.g. 'my-name',  or '123-abc', ${usedFor(LABEL)}`,
  ];
}

export function label1035Problems(text: string): string[] {
  const problems = text.length > NAME_MAX ? [tooLong(NAME_MAX)] : [];
  if (!matches(LABEL_1035, text))
    problems.push(
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and " +
        `end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', ${usedFor(LABEL_1035)}`,
    );
  return problems;
}

/** Names that only need to fit into a path. */
export function segmentProblems(text: string): string[] {
  if (text === "." || text === "..") return [`may not be '${text}'`];
  return ["/", "%"].filter((char) => text.includes(char)).map((char) => `may not contain '${char}'`);
}

/** `name` or `prefix.example.com/name`. */
export function qualifiedNameProblems(text: string): string[] {
  const parts = text.split("/");
  if (parts.length > 2)
    return [
      "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an " +
        `alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', ${usedFor(QUALIFIED)} with an optional DNS ` +
        "subdomain prefix and '/' (e.g. 'example.com/MyName')",
    ];
  const name = parts.at(-1) ?? "";
  const problems = parts.length === 2 ? prefixProblems(parts[0] ?? "") : [];
  if (name === "") problems.push("name part must be non-empty");
  else if (name.length > NAME_MAX) problems.push(`name part ${tooLong(NAME_MAX)}`);
  if (!matches(QUALIFIED, name))
    problems.push(
      "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric " +
        `character (e.g. 'MyName',  or 'my.name',  or '123-abc', ${usedFor(QUALIFIED)}`,
    );
  return problems;
}

function prefixProblems(prefix: string): string[] {
  if (prefix === "") return ["prefix part must be non-empty"];
  return subdomainProblems(prefix).map((problem) => `prefix part ${problem}`);
}

export function labelValueProblems(text: string): string[] {
  const problems = text.length > NAME_MAX ? [tooLong(NAME_MAX)] : [];
  if (text !== "" && !matches(QUALIFIED, text))
    problems.push(
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end " +
        `with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', ${usedFor(`(${QUALIFIED})?`)}`,
    );
  return problems;
}
