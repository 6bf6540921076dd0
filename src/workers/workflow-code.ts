import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { Logger, WorkflowBundleOption } from '@temporalio/worker';

/** Where the build leaves the bundled workflows, beside the compiled `workers`. */
const BUNDLE = new URL('../workflow-bundle.cjs', import.meta.url);

/** This file is TypeScript when it runs from source, and JavaScript once built. */
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

const SOURCE = new URL(`../workflows/index.${extension}`, import.meta.url);

/** Names a bundle that was made before, where many workers are started from the same source. */
const MADE_BEFORE = 'TEMPORAL_ARC_WORKFLOW_BUNDLE';

/** The workflows as the worker runs them: the build's bundle, or, from source, one made now (about two seconds of CPU). */
export async function workflowCode(logger?: Logger): Promise<WorkflowBundleOption> {
  const madeBefore = process.env[MADE_BEFORE];
  if (extension === 'ts' && madeBefore !== undefined) return { codePath: madeBefore };
  if (existsSync(BUNDLE)) return { codePath: fileURLToPath(BUNDLE) };
  return bundleWorkflowCode({ workflowsPath: fileURLToPath(SOURCE), ...(logger ? { logger } : {}) });
}
