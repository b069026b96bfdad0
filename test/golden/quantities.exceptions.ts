/** Cases of autoscaler/quantities.jsonl that ebb answers otherwise, and why. */
export const quantityExceptions: Readonly<Record<string, string>> = {};
