/**
 * Addresses of loopback for one test each: a block for every process, so that test files beside each other never meet,
 * below the blocks of engines' pods.
 */

const FIRST_SECOND = 16;
const BLOCKS = (64 - FIRST_SECOND) * 256;
const HOSTS = 253;

const block = process.pid % BLOCKS;
let given = 0;

/** One that this process has not given yet, or longest ago. */
export function nextLoopbackAddress(): string {
  const host = 2 + (given++ % HOSTS);
  return `127.${FIRST_SECOND + (block >> 8)}.${block & 255}.${host}`;
}
