import { findTinyproxy } from '../tinyproxy.ts';
import { clusterTools, ensureTools } from '../toolchain/toolchain.ts';

/** Finds or builds everything that `make run` and `make test` start, and prints where it is. */
const tools = await ensureTools([...clusterTools, 'temporal', 'helm', 'helm4'], {
  progress: (line) => console.log(line),
});
for (const [name, path] of Object.entries(tools)) console.log(`${name.padEnd(24)} ${path}`);
const tinyproxy = await findTinyproxy((line) => console.log(line));
console.log(`${'tinyproxy'.padEnd(24)} ${'path' in tinyproxy ? tinyproxy.path : tinyproxy.missing}`);
