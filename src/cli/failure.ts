import { ConfigurationError } from '../workers/configuration/configuration.ts';
import { TemporalUnreachableError } from '../workers/configuration/temporal-profile.ts';
import { redact } from '../api/redact.ts';
import { KubernetesError } from '../kubernetes/client/errors.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT } from './exit-codes.ts';

/** A command that ends without success: one line that says what, which field, and the remedy. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
  }
}

/** The command was called in a way it does not understand; nothing was tried. */
export const usageError = (message: string): CliError => new CliError(EXIT.usage, message);

/** Any error as a person is told it. */
export function toCliError(error: unknown): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof ConfigurationError) return new CliError(EXIT.usage, error.message, error);
  if (error instanceof KubernetesError) return fromKubernetes(error);
  if (error instanceof TemporalUnreachableError) return new CliError(EXIT.unreachable, error.message, error);
  return new CliError(EXIT.failed, error instanceof Error ? error.message : String(error), error);
}

function fromKubernetes(error: KubernetesError): CliError {
  const { subject, serverMessage, status } = error;
  const fail = (exitCode: ExitCode, message: string) => new CliError(exitCode, message, error);
  if (status === undefined) {
    const remedy = 'check --kubeconfig and --context, and that the cluster runs';
    return fail(EXIT.unreachable, `Kubernetes: ${serverMessage}; ${remedy}.`);
  }
  if (status === 404) return fromNotFound(error);
  if (status === 403) {
    const remedy = `ask for a role that allows "${subject.verb}" on ${subject.resource}`;
    return fail(EXIT.failed, `Kubernetes refuses: ${serverMessage}; ${remedy}.`);
  }
  if (status === 401) {
    const remedy = 'log in again, or choose another --kubeconfig or --context';
    return fail(EXIT.failed, `Kubernetes does not accept the credentials; ${remedy}.`);
  }
  return fail(EXIT.failed, `Kubernetes: ${error.message}`);
}

function fromNotFound(error: KubernetesError): CliError {
  const { resource, namespace, name } = error.subject;
  if (name !== undefined) {
    const key = [namespace, name].filter(Boolean).join('/');
    const remedy = 'list what there is with "temporal-arc get" (names are NAMESPACE/NAME)';
    return new CliError(EXIT.notFound, `${key}: no such object among ${resource}; ${remedy}.`, error);
  }
  return new CliError(EXIT.notFound, `The cluster does not know ${resource}; install the CRDs first.`, error);
}

/** The lines for standard error; with `debug`, also the stacks of the error and of its causes. */
export function describeFailure(error: CliError, { debug }: { debug: boolean }): string {
  const lines = error.message.split('\n').map((line) => `error: ${line}`);
  if (debug) lines.push(...stacksOf(error.cause ?? error));
  return redact(lines.join('\n'));
}

/** How many causes are followed. */
const DEEPEST = 8;

function stacksOf(error: unknown): string[] {
  const stacks: string[] = [];
  for (let cause = error; cause !== undefined && stacks.length < DEEPEST;) {
    const {
      stack,
      message,
      cause: next,
    } = (cause ?? {}) as { stack?: string; message?: string; cause?: unknown };
    stacks.push(`${stacks.length > 0 ? 'caused by: ' : ''}${stack ?? message ?? typeof cause}`);
    cause = next;
  }
  return stacks;
}
