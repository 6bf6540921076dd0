/** All workflows, as the worker bundles them. */
export { autoscalingRunnerSet } from './autoscaling-runner-set.ts';
export { autoscalingListener } from './autoscaling-listener.ts';
export { clusterWatch } from './cluster-watch.ts';
export { ephemeralRunnerSet } from './ephemeral-runner-set.ts';
