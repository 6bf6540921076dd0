/** All workflows, as the worker bundles them. */
export { clusterWatch } from './cluster-watch.ts';
export { ephemeralRunnerSet } from './ephemeral-runner-set.ts';
