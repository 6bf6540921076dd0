import type { EphemeralRunnerSet } from '../../api/v1alpha1/ephemeral-runner-set.ts';
import { stableHash } from '../../api/hash.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { isNotFound } from '../../kubernetes/client/errors.ts';
import type { KubernetesObject, Resource } from '../../kubernetes/client/resources.ts';
import { configMaps, secrets } from '../../kubernetes/client/resources.ts';
import { inParallel } from '../parallel.ts';
import type { Blocked, Reference } from './policies/blocked.ts';
import type { WorkflowTarget } from './workflow-target.ts';

/** What looking at what blocks something needs. */
export interface SurroundingsOptions {
  kubernetes: Pick<KubernetesClient, 'get'>;
  /** Whether Kubernetes would take a pod of this set now. */
  wouldTakePod: (set: EphemeralRunnerSet, signal: AbortSignal) => Promise<boolean>;
  /** Told when what surrounds something that is blocked is known, and when it has changed. */
  onChange: (target: WorkflowTarget, surroundings: string) => void;
}

/**
 * Looks at what a person may repair for those that are blocked: their Secrets and ConfigMaps by name, one request each
 * for all that share one, and whether Kubernetes takes their pods, by a dry run. Secrets are not watched: nobody may
 * list them. Nothing of this enters a history until it changes.
 */
export class Surroundings {
  private readonly blocked = new Map<string, Blocked>();
  private readonly known = new Map<string, string>();
  private readonly versions = new Map<string, string>();
  private readonly options: SurroundingsOptions;
  private looking = false;

  constructor(options: SurroundingsOptions) {
    this.options = options;
  }

  /** @param blocked absent: it is not, or no more */
  put(target: WorkflowTarget, blocked: Blocked | undefined): void {
    const key = JSON.stringify(target);
    if (blocked) this.blocked.set(key, blocked);
    else {
      this.blocked.delete(key);
      this.known.delete(key);
    }
  }

  /** One look; while one is under way, another is none. */
  async look(signal: AbortSignal): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      await this.readAll(signal);
      await inParallel([...this.blocked], ([key, blocked]) => this.compare(key, blocked, signal));
    } finally {
      this.looking = false;
    }
  }

  private async readAll(signal: AbortSignal): Promise<void> {
    const all = [...this.blocked.values()].flatMap(({ references }) => references);
    const wanted = new Map(all.map((reference) => [keyOf(reference), reference]));
    for (const key of this.versions.keys()) if (!wanted.has(key)) this.versions.delete(key);
    await inParallel([...wanted], async ([key, reference]) => {
      const version = await this.versionOf(reference, signal);
      if (version !== undefined) this.versions.set(key, version);
    });
  }

  /** What cannot be read for another reason than that it is not there is as it was. */
  private async versionOf(
    { kind, namespace, name }: Reference,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const resource = (kind === 'Secret' ? secrets : configMaps) as Resource;
    try {
      const object: KubernetesObject = await this.options.kubernetes.get(
        resource,
        { namespace, name },
        { signal },
      );
      return object.metadata?.resourceVersion ?? '';
    } catch (error) {
      return isNotFound(error) ? 'absent' : undefined;
    }
  }

  private async compare(key: string, blocked: Blocked, signal: AbortSignal): Promise<void> {
    const { target, references, set } = blocked;
    const takes = set && (await this.options.wouldTakePod(set, signal).catch(() => undefined));
    // Meanwhile it may have been repaired, or have gone.
    if (signal.aborted || this.blocked.get(key) !== blocked) return;
    if (set && takes === undefined) return;
    const versions = references.map((reference) => this.versions.get(keyOf(reference)) ?? '');
    const surroundings = stableHash({ versions, takes });
    if (this.known.get(key) === surroundings) return;
    this.known.set(key, surroundings);
    this.options.onChange(target, surroundings);
  }
}

const keyOf = ({ kind, namespace, name }: Reference): string => `${kind} ${namespace}/${name}`;
