/** All workflows, as the worker bundles them. */
export { autoscalingRunnerSet } from './autoscaling-runner-set/workflow.ts';
export { autoscalingListener } from './autoscaling-listener/workflow.ts';
export { clusterWatch } from './cluster-watch/workflow.ts';
export { ephemeralRunnerSet } from './ephemeral-runner-set/workflow.ts';
