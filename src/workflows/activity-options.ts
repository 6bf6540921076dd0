/** For activities that must come to an end soon: what fails so often is looked at by the workflow. */
export const retry = {
  initialInterval: '1s',
  backoffCoefficient: 2,
  maximumInterval: '10s',
  maximumAttempts: 5,
} as const;

/** A worker that is silent for so long is lost: another one goes on. */
export const heartbeatTimeout = '10s';
