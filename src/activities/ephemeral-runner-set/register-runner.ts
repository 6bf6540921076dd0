import { unlessAborted } from '../../github/transport/abort.ts';
import { isDecision } from '../../github/errors.ts';
import type { ScaleSetClient } from '../../github/scale-set-client.ts';
import type { JitConfig } from '../../github/wire.ts';

/** The part of the client that registration needs. */
export type Registrar = Pick<ScaleSetClient, 'generateJitConfig' | 'getRunnerByName' | 'removeRunner'>;

/**
 * Whom to register at GitHub: a runner of this name in this scale set. An empty work folder means the runner's own
 * default.
 */
export interface Registration {
  scaleSetId: number;
  name: string;
  workFolder: string;
}

/** The name belongs to a runner that must not be touched: another name is needed. */
export class NameTakenError extends Error {
  override readonly name = 'NameTakenError';
}

/**
 * Registers a runner and returns its JIT config, always a new one: where an earlier try left a registration under the
 * same name, that is removed first, because its JIT config may have been used. A registration that is under way when the
 * signal aborts is removed as soon as GitHub has answered: nobody would know of it.
 *
 * @throws NameTakenError when the name is held by a busy runner or by another scale set
 */
export async function register(
  github: Registrar,
  registration: Registration,
  options: { signal: AbortSignal },
): Promise<JitConfig> {
  try {
    return await generate(github, registration, options);
  } catch (error) {
    if (!isDecision(error, 'runner-exists')) throw error;
  }
  await deregisterByName(github, registration, options);
  return generate(github, registration, options);
}

async function generate(
  github: Registrar,
  { scaleSetId, name, workFolder }: Registration,
  { signal }: { signal: AbortSignal },
): Promise<JitConfig> {
  signal.throwIfAborted();
  const answer = github.generateJitConfig(scaleSetId, { name, workFolder });
  try {
    return await unlessAborted(answer, signal);
  } catch (error) {
    if (signal.aborted)
      void answer.then(({ runner }) => github.removeRunner(runner.id)).catch(() => undefined);
    throw error;
  }
}

/** Removes the runner of this name from its scale set, if there is one. */
export async function deregisterByName(
  github: Pick<Registrar, 'getRunnerByName' | 'removeRunner'>,
  { scaleSetId, name }: Omit<Registration, 'workFolder'>,
  options: { signal: AbortSignal },
): Promise<void> {
  const found = await github.getRunnerByName(name, options);
  if (!found) return;
  if (found.runnerScaleSetId !== scaleSetId) {
    throw new NameTakenError(`Runner "${name}" is registered for scale set ${found.runnerScaleSetId}.`);
  }
  try {
    await github.removeRunner(found.id, options);
  } catch (error) {
    if (isDecision(error, 'job-still-running'))
      throw new NameTakenError(`Runner "${name}" has a job.`, { cause: error });
    throw error;
  }
}
