/**
 * The one table of layers. A pattern's `*` is one folder; the folder that the longest pattern matches is the path's
 * component. Components of one level are siblings and never import each other; what
 * the components of a plane share lies in the plane's own folder, or in `controllers`.
 */
export interface Layer {
  readonly pattern: string;
  readonly level: number;
  /** Folders of lower layers that may be imported; a component's DEPS narrows this further. */
  readonly mayImport: readonly string[];
}

const BELOW_COMPONENTS = ["src/base", "src/api", "src/kube", "src/http"];

export const LAYERS: readonly Layer[] = [
  { pattern: "src/base", level: 0, mayImport: [] },
  { pattern: "src/api", level: 1, mayImport: ["src/base"] },
  { pattern: "src/kube", level: 2, mayImport: ["src/base", "src/api"] },
  { pattern: "src/http", level: 2, mayImport: ["src/base"] },
  { pattern: "src/data-plane", level: 3, mayImport: BELOW_COMPONENTS },
  {
    pattern: "src/data-plane/queue-proxy",
    level: 3,
    mayImport: ["src/base", "src/api", "src/http", "src/data-plane"],
  },
  { pattern: "src/data-plane/*", level: 3, mayImport: [...BELOW_COMPONENTS, "src/data-plane"] },
  {
    pattern: "src/control-plane/controllers/*",
    level: 3,
    mayImport: [...BELOW_COMPONENTS, "src/control-plane/controllers"],
  },
  { pattern: "src/control-plane/*", level: 3, mayImport: BELOW_COMPONENTS },
  { pattern: "src/embedded/*", level: 3, mayImport: BELOW_COMPONENTS },
  { pattern: "src/dashboard", level: 3, mayImport: BELOW_COMPONENTS },
  {
    pattern: "src/cli",
    level: 4,
    mayImport: [...BELOW_COMPONENTS, "src/data-plane", "src/control-plane", "src/embedded", "src/dashboard"],
  },
  {
    pattern: "src/programs",
    level: 5,
    mayImport: [
      ...BELOW_COMPONENTS,
      "src/data-plane",
      "src/control-plane",
      "src/embedded",
      "src/dashboard",
      "src/cli",
    ],
  },
];

export interface Component {
  /** A folder such as `src/data-plane/gateway`. */
  readonly folder: string;
  readonly layer: Layer;
}

/** The component that a file or a folder of src belongs to; undefined when the table has no place for it. */
export function componentOf(path: string): Component | undefined {
  let best: Component | undefined;
  for (const layer of LAYERS) {
    const folder = matchingFolder(layer.pattern, path);
    if (folder === undefined) continue;
    const longer = !best || folder.split("/").length > best.folder.split("/").length;
    if (longer) best = { folder, layer };
  }
  return best;
}

/** The start of `path` that `pattern` covers; a `*` covers a folder, or nothing for a path that is a file there. */
function matchingFolder(pattern: string, path: string): string | undefined {
  const wanted = pattern.split("/");
  const parts = path.split("/");
  if (parts.length < wanted.length) return undefined;
  const matches = wanted.every((part, index) => {
    const actual = parts[index] ?? "";
    return part === "*" ? !actual.endsWith(".ts") : part === actual;
  });
  return matches ? parts.slice(0, wanted.length).join("/") : undefined;
}

export type Verdict = "own" | "allowed" | "upwards" | "sibling" | "not for this layer";

/** May a file of the component `from` import `target` (a file or a folder of src)? DEPS files are not asked here. */
export function judgeImport(from: Component, target: string): Verdict {
  const to = componentOf(target);
  if (to?.folder === from.folder) return "own";
  if (to?.layer === from.layer) return "sibling";
  if (from.layer.mayImport.some((folder) => isWithin(target, folder) && reaches(from, to, folder)))
    return "allowed";
  if (!to || to.layer.level < from.layer.level) return "not for this layer";
  return to.layer.level > from.layer.level ? "upwards" : "sibling";
}

/** A component may use what lies in its plane's own folder, never what lies in another component there. */
function reaches(from: Component, to: Component | undefined, folder: string): boolean {
  return to === undefined || to.folder === folder || !isWithin(from.folder, folder);
}

export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
