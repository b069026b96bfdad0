/** Ends with exit code 5 after ten seconds, and listens to nobody (spec E-025). */
console.log("Started...");
setTimeout(() => {
  console.log("Crashed...");
  process.exit(5);
}, 10_000);
