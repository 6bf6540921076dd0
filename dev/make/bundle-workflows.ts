import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

/** Bundles the compiled workflows into dist, so that a worker need not do it at each start. */
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const { code } = await bundleWorkflowCode({ workflowsPath: at('../../dist/workflows/index.js') });
writeFileSync(at('../../dist/workflow-bundle.cjs'), code);
