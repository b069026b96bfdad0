/** Recorded scenarios that ebb answers otherwise, and why. */
export const exceptions: Readonly<Record<string, string>> = {};
