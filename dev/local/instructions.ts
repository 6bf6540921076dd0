import { ephemeralRunnerSetWorkflowId } from '../../src/messages/workflow-ids.ts';

/** What a person needs to know to play with a running system. */
export interface Situation {
  kubeconfig: string;
  temporalAddress: string;
  temporalUiUrl: string | undefined;
  /** The stand-in for GitHub, if it runs here. */
  gitHubUrl: string | undefined;
  /** The controls of the stand-in runners, if they run here. */
  runnersUrl: string | undefined;
  /** How kubectl is called: by its name, or by its path when it is not in PATH. */
  kubectl: string;
  /** How Temporal's command line is called, likewise. */
  temporal: string;
  workerLog: string;
}

const WORKFLOW_ID = ephemeralRunnerSetWorkflowId('default', 'default', 'demo');

/** The text that `make run` ends its start with: commands for a second terminal, to copy as they are. */
export function instructions(situation: Situation): string {
  const { kubectl, temporal, gitHubUrl, runnersUrl } = situation;
  const lines = [
    '',
    'temporal-arc runs. In a second terminal:',
    '',
    `  export KUBECONFIG=${situation.kubeconfig}`,
    `  export TEMPORAL_ADDRESS=${situation.temporalAddress}`,
    '',
    `  ${kubectl} scale ephemeralrunnerset demo --replicas=100`,
    `  ${kubectl} wait --for=condition=Ready ephemeralrunnerset demo --timeout=60s`,
    `  ${kubectl} get ephemeralrunners,pods`,
    '',
    '  # Down again, by a signal to the workflow of the set:',
    `  ${temporal} workflow signal --workflow-id ${WORKFLOW_ID} --name scale --input '{"replicas":20}'`,
  ];
  if (gitHubUrl !== undefined) {
    lines.push('', '  # Jobs for the scale set "queue", whose runners come and go with them:');
    lines.push('  make demo JOBS=200');
    const jobs = JSON.stringify({ scaleSetId: 1, count: 20, durationMs: 5_000 });
    lines.push('', '  # Twenty jobs of five seconds for the runners of "demo" that are online:');
    lines.push(`  curl -s -o /dev/null --json '${jobs}' ${gitHubUrl}/standin/jobs`);
  }
  if (runnersUrl !== undefined) {
    const rule = JSON.stringify({ set: 'demo', exitCode: 1, times: 3 });
    lines.push('', '  # The next three runners fail before they come online:');
    lines.push(`  curl -s --json '${rule}' ${runnersUrl}/rules`);
  }
  lines.push('', `Worker log     ${situation.workerLog}`);
  if (situation.temporalUiUrl !== undefined) lines.push(`Temporal UI    ${situation.temporalUiUrl}`);
  lines.push('', 'Ctrl-C stops everything that was started here.', '');
  return lines.join('\n');
}
