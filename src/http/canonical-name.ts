/**
 * A header name as Go's servers spell it (X-Request-Id), since applications that look names up by letter case were
 * written behind them. hot path: a name that is spelled so already is only looked at.
 */
export function canonicalName(name: string): string {
  let wantsCapital = true;
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at);
    const isOdd = wantsCapital ? code >= 97 && code <= 122 : code >= 65 && code <= 90;
    if (isOdd) return respelled(name);
    wantsCapital = code === 45;
  }
  return name;
}

function respelled(name: string): string {
  return name.toLowerCase().replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());
}
