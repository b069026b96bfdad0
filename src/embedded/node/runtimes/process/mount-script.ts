import { existsSync, readdirSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import type { ContainerStart, Mount } from "../../runtime.ts";
import { launchLine, quote } from "./script.ts";

/**
 * A container's volumes as mounts that nobody else sees: shell text that is run in a mount namespace of its own, before
 * the program. Where a target's parent exists, but the target does not, nothing is made on the machine's own disk: the
 * parent is covered by an overlay; below `/` a new root is put together from the old one's folders.
 */
export interface MountPlan {
  /** To be run first; every line must succeed. */
  readonly setUp: string;
  /** Where the program's root is then; "" = as before. */
  readonly root: string;
}

/** Who may make mounts: root in a mount namespace, others in a user namespace of their own besides. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

const TOOLS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The line that becomes the program, in a namespace with its mounts. Outside it nothing has changed. */
export function isolatedLaunch(start: ContainerStart, scratch: string, { uid, gid }: Identity): string {
  const { setUp, root } = mountPlan(start.mounts ?? [], scratch);
  const enter = [`cd ${quote(root)}`, "mkdir -p .old", "pivot_root . .old", "umount -l .old", "rmdir .old"];
  const begin = `cd ${quote(start.workingDirectory)} || exit 126\n${launchLine(start)}`;
  // In its own user namespace a user is root; the program is to be who started the engine.
  const become =
    uid === 0 ? begin : `exec unshare --user --map-user=${uid} --map-group=${gid} /bin/sh -c ${quote(begin)}`;
  const steps = [setUp, ...(root === "" ? [] : enter)].join("\n");
  const script = `PATH=${TOOLS}
set -e
trap 'echo "ebb: cannot mount the volumes" >&2; exit 126' EXIT
${steps}
trap - EXIT
set +e
${become}`;
  const namespaces = uid === 0 ? "--mount" : "--user --map-root-user --mount";
  return `exec $launch /usr/bin/env unshare ${namespaces} /bin/sh -c ${quote(script)}`;
}

/** `scratch` is a folder of the container's own, for mount points. Reads the file system to see what is there. */
function mountPlan(mounts: readonly Mount[], scratch: string): MountPlan {
  const targets = mounts
    .map((mount) => ({ ...mount, target: realTarget(mount.target), isFile: statSync(mount.source).isFile() }))
    .sort((a, b) => a.target.length - b.target.length);
  const covered: string[] = [];
  const uncovered = targets.filter(({ target }) => !isWithin(target, covered) && covered.push(target));
  const missing = uncovered.filter(({ target }) => !existsSync(target));
  const parents = [...new Set(missing.map(({ target }) => nearestParent(target)))];
  const root = parents.includes("/") ? join(scratch, "root") : "";
  const lines = [
    `mkdir -p ${quote(join(scratch, "root"))}`,
    ...(root === "" ? [] : newRoot(root)),
    ...parents
      .filter((parent) => parent !== "/")
      .flatMap((parent, index) => writableView(root, parent, join(scratch, `cover-${index}`))),
    ...targets.flatMap((mount) => bind(root, mount)),
    // Last: a volume within another one has to find its mount point made.
    ...targets
      .filter(({ readOnly }) => readOnly)
      .map(({ target }) => `mount -o remount,bind,ro ${quote(root + target)}`),
  ];
  return { setUp: lines.join("\n"), root };
}

interface Target extends Mount {
  readonly isFile: boolean;
}

/** With the links of the part that exists followed: /var/run/x is /run/x on most machines. */
function realTarget(target: string): string {
  const clean = posix.normalize(`/${target}`).replace(/(.)\/$/, "$1");
  const parent = nearestParent(clean);
  return posix.join(realpathSync(parent), clean.slice(parent.length));
}

function nearestParent(path: string): string {
  let parent = path;
  while (!existsSync(parent) || !statSync(parent).isDirectory()) parent = dirname(parent);
  return parent;
}

function isWithin(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path.startsWith(`${folder}/`));
}

function newRoot(root: string): string[] {
  const entries = readdirSync("/", { withFileTypes: true });
  const lines = entries.flatMap((entry) => {
    const [from, to] = [quote(`/${entry.name}`), quote(join(root, entry.name))];
    if (entry.isSymbolicLink()) return [`ln -s ${quote(readlinkSync(`/${entry.name}`))} ${to}`];
    if (entry.isDirectory()) return [`mkdir ${to}`, `mount --rbind ${from} ${to}`];
    return entry.isFile() ? [`: >${to}`, `mount --bind ${from} ${to}`] : [];
  });
  return [`mount -t tmpfs -o mode=755 ebb-root ${quote(root)}`, ...lines];
}

/** The folder with room for new names. Where there is no overlay its entries are bound into an empty one. */
function writableView(root: string, folder: string, cover: string): string[] {
  const [at, from] = [quote(root + folder), quote(folder)];
  const [upper, work] = [join(cover, "up"), join(cover, "work")];
  const options = quote(`lowerdir=${folder},upperdir=${upper},workdir=${work}`);
  return [
    `mkdir -p ${quote(cover)}`,
    `mount -t tmpfs -o mode=755 ebb-cover ${quote(cover)}`,
    `mkdir ${quote(upper)} ${quote(work)}`,
    `if ! mount -t overlay -o ${options} ebb-cover ${at} 2>/dev/null; then`,
    `for entry in ${from}/* ${from}/.[!.]*; do`,
    `name=\${entry##*/}; new=${quote(upper)}/$name`,
    `if [ -L "$entry" ]; then ln -s "$(readlink "$entry")" "$new"`,
    `elif [ -d "$entry" ]; then mkdir "$new"; mount --rbind "$entry" "$new"`,
    `elif [ -e "$entry" ]; then : >"$new"; mount --bind "$entry" "$new"; fi; done`,
    `mount --rbind ${quote(upper)} ${at}; fi`,
  ];
}

function bind(root: string, { source, target, isFile }: Target): string[] {
  const at = quote(root + target);
  const make = isFile
    ? `[ -e ${at} ] || { mkdir -p ${quote(dirname(root + target))}; : >${at}; }`
    : `mkdir -p ${at}`;
  return [make, `mount --bind ${quote(source)} ${at}`];
}
