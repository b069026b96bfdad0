/** Recorded scenarios that ebb answers otherwise, and why. */
export const exceptions: Readonly<Record<string, string>> = {
  "w-bad-rv": "issue 5: the words for an unknown field selector of a built-in kind",
  "w-no-bookmark": "issue 5: the watch does not end when the recorded one does",
  "w-accept": "issue 5: YAML is not written",
};
