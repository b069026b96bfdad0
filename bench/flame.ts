/**
 * A flame graph of a V8 CPU profile as an SVG: the caller above, what it calls below, width is the share of the time
 * that the thread was not idle. Names and shares of what is too narrow to be labelled come up on pointing.
 */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Ids of nodes, and the microseconds between them. */
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
  readonly endTime: number;
  readonly startTime: number;
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

export interface Frame {
  readonly name: string;
  readonly url: string;
  selfUs: number;
  totalUs: number;
  readonly callees: Map<string, Frame>;
}

export interface Window {
  /** Only what was sampled between these two, in microseconds since the profile began. */
  readonly fromUs: number;
  readonly toUs: number;
}

const SKIPPED = new Set(["(idle)", "(root)"]);

/** Calls of one function from the same place are one frame. */
export function framesOf(profile: CpuProfile, { fromUs, toUs }: Window): Frame {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(profile.nodes.flatMap((node) => (node.children ?? []).map((id) => [id, node.id])));
  const root = newFrame("all", "");
  let atUs = 0;
  for (const [index, id] of profile.samples.entries()) {
    const us = profile.timeDeltas[index] ?? 0;
    atUs += us;
    if (atUs < fromUs || atUs > toUs) continue;
    const stack: ProfileNode[] = [];
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const node = nodes.get(at);
      if (node && node.callFrame.functionName !== "(root)") stack.unshift(node);
    }
    if (stack.length === 1 && SKIPPED.has(stack[0]?.callFrame.functionName ?? "")) continue;
    addStack(root, stack, us);
  }
  return root;
}

function addStack(root: Frame, stack: readonly ProfileNode[], us: number): void {
  let frame = root;
  frame.totalUs += us;
  for (const { callFrame } of stack) {
    const { functionName, url, lineNumber } = callFrame;
    const key = `${functionName} ${url} ${lineNumber}`;
    const known = frame.callees.get(key);
    const callee = known ?? newFrame(functionName || "(anonymous)", url);
    if (!known) frame.callees.set(key, callee);
    callee.totalUs += us;
    frame = callee;
  }
  frame.selfUs += us;
}

function newFrame(name: string, url: string): Frame {
  return { name, url, selfUs: 0, totalUs: 0, callees: new Map() };
}

const WIDTH = 1600;
const ROW = 17;
const NARROWEST = 0.6;
const LETTER = 6.2;

/** `title` stands above it; `colourOf` gives a colour for a frame. */
export function flameSvg(root: Frame, title: string, colourOf: (frame: Frame) => string): string {
  const boxes: string[] = [];
  let deepest = 0;
  const draw = (frame: Frame, x: number, depth: number) => {
    const width = (frame.totalUs / root.totalUs) * WIDTH;
    if (width < NARROWEST) return;
    deepest = Math.max(deepest, depth);
    boxes.push(box({ frame, x, width, y: 30 + depth * ROW, share: frame.totalUs / root.totalUs, colourOf }));
    let left = x;
    for (const callee of [...frame.callees.values()].sort((a, b) => b.totalUs - a.totalUs)) {
      draw(callee, left, depth + 1);
      left += (callee.totalUs / root.totalUs) * WIDTH;
    }
  };
  draw(root, 0, 0);
  const height = 40 + (deepest + 1) * ROW;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="monospace" font-size="11">
<title>${escaped(title)}</title>
<rect width="${WIDTH}" height="${height}" fill="#fff"/>
<text x="4" y="18" font-size="14">${escaped(title)}</text>
${boxes.join("\n")}
</svg>
`;
}

interface Box {
  readonly frame: Frame;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly share: number;
  readonly colourOf: (frame: Frame) => string;
}

function box({ frame, x, y, width, share, colourOf }: Box): string {
  const where = frame.url.split("/").pop() ?? "";
  const tip = `${frame.name}${where ? ` (${where})` : ""}: ${(share * 100).toFixed(2)} %`;
  const letters = Math.floor((width - 4) / LETTER);
  const label = letters >= 3 ? frame.name.slice(0, letters) : "";
  const text = label && `<text x="${(x + 2).toFixed(1)}" y="${y + 12}">${escaped(label)}</text>`;
  const area = `x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 1}"`;
  return `<g><title>${escaped(tip)}</title><rect ${area} fill="${colourOf(frame)}"/>${text}</g>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign] ?? sign);
}
