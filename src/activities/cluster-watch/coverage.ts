import type { WorkflowTarget } from './workflow-target.ts';
import { isAutoscalingRunnerSetTarget, isListenerTarget } from './workflow-target.ts';

/** What is followed: a resource, or the part of one that matters here. */
export type Feed = 'runnerSets' | 'runners' | 'pods' | 'scaleSets' | 'listeners' | 'listenerPods';

/** A feed in one namespace; `undefined`: in all of them. */
export interface FeedScope {
  feed: Feed;
  namespace: string | undefined;
}

/** What a runner set's decisions need to be known whole: who lacks a runner must not take it for gone. */
const OF_RUNNER_SET: readonly Feed[] = ['runnerSets', 'runners', 'pods'];

/** Where the listeners of scale sets live: beside them unless given. */
type ControllerNamespace = string | undefined;

/**
 * Which feeds have been listed, and so who can be told the whole truth. A namespace that cannot be listed holds up its own
 * workflows only, and a resource that cannot those that need it.
 */
export class Coverage {
  private readonly listed = new Set<string>();
  private readonly controllerNamespace: ControllerNamespace;

  constructor(controllerNamespace?: string) {
    this.controllerNamespace = controllerNamespace;
  }

  /** @returns whether it is news */
  add({ feed, namespace }: FeedScope): boolean {
    const key = keyOf(feed, namespace);
    if (this.listed.has(key)) return false;
    this.listed.add(key);
    return true;
  }

  /**
   * Whether everything that a workflow decides from has been listed.
   *
   * @param served of a listener: the namespace of its scale set
   */
  covers(target: WorkflowTarget, served = target.namespace): boolean {
    const { namespace } = target;
    if (isListenerTarget(target))
      return this.has(['listeners', 'listenerPods'], namespace) && this.has(OF_RUNNER_SET, served);
    if (!isAutoscalingRunnerSetTarget(target)) return this.has(OF_RUNNER_SET, namespace);
    const home = this.controllerNamespace ?? namespace;
    return this.has(['scaleSets', ...OF_RUNNER_SET], namespace) && this.has(['listeners'], home);
  }

  private has(feeds: readonly Feed[], namespace: string): boolean {
    return feeds.every(
      (feed) => this.listed.has(keyOf(feed, undefined)) || this.listed.has(keyOf(feed, namespace)),
    );
  }
}

const keyOf = (feed: Feed, namespace: string | undefined): string => `${feed} ${namespace ?? ''}`;
