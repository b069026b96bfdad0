-- What wrk measured, as one line of JSON; p99.9 is not in its own report.
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\nREPORT {"requests":%d,"seconds":%.6f,"bytes":%d,"failed":%d,"p50Ms":%.4f,"p99Ms":%.4f,"p999Ms":%.4f}\n',
    summary.requests, summary.duration / 1e6, summary.bytes,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency:percentile(99.9) / 1e3))
end
