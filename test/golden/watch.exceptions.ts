export const exceptions: Readonly<Record<string, string>> = {};
