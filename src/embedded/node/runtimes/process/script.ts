import type { RunFiles } from "../../pod-folder.ts";
import type { ContainerStart } from "../../runtime.ts";

/**
 * The forker and its shims as shell text. Everything that comes from a Pod stands between single quotes.
 *
 * The forker reads one path a line and runs that script in a fork of itself, the shim: no new shell is started. With
 * job control (`set -m`, which bash has without a terminal and dash has not) the program gets a process group of its
 * own and default signals for nothing; it is switched off again, so that a stopped program does not end the wait.
 * Elsewhere setsid(1) makes the group, and SIGINT and SIGQUIT stay ignored.
 * Descriptors that the engine itself inherited from whoever started it are closed first: no program gets them.
 * Messages to the engine go to descriptor 3: `S token pid startTime` and `X token exitCode`.
 */
export const FORKER = `
set -m 2>/dev/null
launch=
for fd in /dev/fd/*; do
  case \${fd##*/} in 0|1|2|3|255) ;; [4-9]) eval "exec \${fd##*/}>&-" ;; [0-9]*) [ "$BASH" ] && eval "exec \${fd##*/}>&-" ;; esac
done 2>/dev/null
case $- in *m*) ;; *) launch=$(command -v setsid) || exit 97 ;; esac
while read -r script; do ( . "$script" ) 2>/dev/null & done
`;

/** In the working directory, with nothing around it. */
export function plainLaunch(start: ContainerStart): string {
  return `cd ${quote(start.workingDirectory)} || exit 126\n${launchLine(start)}`;
}

/**
 * `token` names the run in messages to this engine; a later engine reads the files instead. `launch` is what becomes
 * the program: `plainLaunch`, or the one with mounts.
 */
export function shimScript(token: number, files: RunFiles, { launch, isFed }: Launch): string {
  return `exec </dev/null
[ "$launch" ] || set -m
${isFed ? holdInput(files) : ""}( ulimit -c 0
${launch} ) ${isFed ? "<&5 4>&- 5<&- " : ""}>>${quote(files.log)} 2>&1 3>&- &
pid=$!
${isFed ? "exec 4>&- 5<&-\n" : ""}trap '' PIPE
[ "$launch" ] || set +m
stat=
read -r stat </proc/$pid/stat
set -- \${stat##*) }
echo "$pid \${20}" >${quote(files.pid)}
echo "S ${token} $pid \${20}" >&3
wait $pid
code=$?
kill -KILL -$pid${isFed ? " $holder" : ""}
echo $code >${quote(files.exit)}
echo "X ${token} $code" >&3
`;
}

export interface Launch {
  readonly launch: string;
  /** Somebody may write to the program: it reads from a named pipe. */
  readonly isFed: boolean;
}

/**
 * A pipe that nobody has open for writing has ended for its reader: a process that sleeps keeps it open. The pipe's
 * name in its environment lets it be found with what else is left of the pod. The shim itself has both ends open until
 * their owners have them, so that nobody can come too early.
 */
function holdInput({ input, holder }: RunFiles): string {
  return `mkfifo -m 600 ${quote(input)}
exec 4<>${quote(input)} 5<${quote(input)}
( export input=${quote(input)}; exec sleep 2147483647 ) <&4 4>&- 5<&- >/dev/null 2>&1 3>&- &
holder=$!
echo $holder >${quote(holder)}
`;
}

export function launchLine(start: ContainerStart): string {
  const command = start.command.map(quote).join(" ");
  const entries = Object.entries(start.env);
  if (entries.some(([name]) => !isPlainName(name))) {
    const assignments = entries.map(([name, value]) => quote(`${name}=${value}`)).join(" ");
    return `exec $launch env -i ${assignments} ${command}`;
  }
  const exports = entries.map(([name, value]) => `export ${name}=${quote(value)}\n`).join("");
  return `unset PWD OLDPWD SHLVL\n${exports}exec $launch ${command}`;
}

export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Names that a shell does not know can be exported; others (`my.name`, IFS, LC_ALL, UID…) go through env(1). */
const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const KNOWN_TO_SHELLS = new RegExp(
  `^(_|IFS|ENV|PWD|OLDPWD|SHLVL|CDPATH|PPID|UID|EUID|GROUPS|S?RANDOM|SECONDS|LINENO|OPT[A-Z]+|PS[0-9]|MAIL.*|HIST.*|` +
    `FUNC.*|DIRSTACK|SHELLOPTS|POSIXLY_CORRECT|IGNOREEOF|TMOUT|EPOCH.*|COMP_.*|COPROC|LANG|LANGUAGE|LC_.*|BASH.*|` +
    `TERM|TERMINFO|EDITOR|launch)$`,
);

function isPlainName(name: string): boolean {
  return PLAIN_NAME.test(name) && !KNOWN_TO_SHELLS.test(name);
}
