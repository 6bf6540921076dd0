import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import { WakeTimer } from '../wake-timer.ts';
import { fitting } from '../../api/text-limits.ts';
import type { Paused } from '../../messages/ephemeral-runner-set.ts';
import { reconciled } from '../metrics-sink.ts';
import { heartbeatTimeout, retry } from '../activity-options.ts';
import { stopFrom } from '../activity-failure.ts';
import type { AutoscalingRunnerSetPlan } from './plan.ts';
import type { StepOutcome } from './settle.ts';
import type { AutoscalingRunnerSetState } from './state.ts';
import type { autoscalingRunnerSetStatus } from './status.ts';
import { publicationKey, wordsKey } from './status.ts';
import type { Step } from './steps.ts';
import { PhaseAttribute } from '../phase-attribute.ts';
import { mayTellAgain, nextPublicationAt } from '../policies/publication-pace.ts';
import { autoscalingRunnerSetPhase } from './view.ts';

const options = { startToCloseTimeout: '60s', heartbeatTimeout, retry } as const;

const { prepareScaleSet, applyChildren, dropChildren, removeScaleSet, releaseScaleSet, publishScaleSet } =
  proxyActivities<Activities>(options);

/** What a person waits for. */
const ordered = { startToCloseTimeout: '30s', heartbeatTimeout, retry } as const;

const { pauseScaleSet } = proxyActivities<Activities>(ordered);

interface Served {
  namespace: string;
  name: string;
}

/** Carries a scale set's plans out and gathers what comes of them. Decides nothing. */
export class Executor {
  stepping = false;
  publishing = false;
  /** Milliseconds since the epoch: no status is written before. */
  mayPublishAt = 0;
  /** Publications in a row that failed. */
  private failures = 0;
  private woken = false;
  private outcomes: StepOutcome[] = [];
  private readonly phase = new PhaseAttribute();
  private readonly alarm: WakeTimer;
  private readonly served: Served;
  private readonly state: AutoscalingRunnerSetState;

  constructor(served: Served, state: AutoscalingRunnerSetState) {
    this.served = served;
    this.state = state;
    this.alarm = new WakeTimer(() => (this.woken = true), 'until the next try');
  }

  get inFlight(): boolean {
    return this.stepping || this.publishing;
  }

  /** Something happened that calls for a new look at the state. */
  get hasNews(): boolean {
    return this.woken || this.outcomes.length > 0;
  }

  takeOutcomes(): StepOutcome[] {
    this.woken = false;
    return this.outcomes.splice(0);
  }

  /** The workflow is about to continue as new. */
  drain(): void {
    this.alarm.stop();
  }

  /** A person's order. The watch tells of the annotation, and the children follow with the next steps. */
  async pause(paused: boolean): Promise<Paused> {
    const summary = fitting(`${this.served.name}: ${paused ? 'pause' : 'resume'}`, 'summary');
    await pauseScaleSet.executeWithOptions({ ...ordered, summary }, [{ ...this.served, paused }]);
    return { paused };
  }

  /** @param observedAt when the change that led to this plan was seen, in milliseconds */
  carryOut({ step, publish, wakeAt }: AutoscalingRunnerSetPlan, observedAt: number | undefined): void {
    const begun: Promise<void>[] = [];
    if (step) begun.push(this.take(step));
    if (publish) begun.push(this.publish(publish));
    this.phase.show(autoscalingRunnerSetPhase(this.state));
    if (wakeAt !== undefined) this.alarm.setTo(wakeAt);
    if (observedAt === undefined) return;
    void Promise.all(begun).then(() => reconciled('autoscalingrunnerset', observedAt));
  }

  private async take(step: Step): Promise<void> {
    this.stepping = true;
    const { repairs } = this.state;
    const { uid } = this.target();
    const outcome = await this.attempt(step);
    this.stepping = false;
    this.outcomes.push({ ...outcome, uid, repairs });
  }

  private async attempt(step: Step): Promise<Omit<StepOutcome, 'uid' | 'repairs'>> {
    try {
      return { step, ...(await this.run(step)) };
    } catch (error) {
      return { step, stopped: stopFrom(error) };
    }
  }

  private async run(step: Step): Promise<Omit<StepOutcome, 'step' | 'uid' | 'repairs'>> {
    const target = this.target();
    switch (step.name) {
      case 'prepare': {
        const prepared = await prepareScaleSet.executeWithOptions(this.named('scale set of'), [target]);
        return prepared ? { prepared } : {};
      }
      case 'apply':
        await applyChildren.executeWithOptions(this.named('children of'), [
          { ...target, ...(step.hold && { hold: step.hold }) },
        ]);
        return {};
      case 'drop':
        await dropChildren({
          namespace: target.namespace,
          empty: step.empty,
          runnerSets: step.runnerSets.map(({ name, uid }) => ({ name, uid })),
          listeners: step.listeners.map(({ namespace, name, uid }) => ({ namespace, name, uid })),
        });
        return {};
      case 'remove': {
        const input = { ...target, ...(step.force && { force: step.force }) };
        return removeScaleSet.executeWithOptions(this.named('scale set of'), [input]);
      }
      case 'release':
        await releaseScaleSet.executeWithOptions(this.named('finalizers of'), [target]);
        return {};
    }
  }

  private named(what: string): typeof options & { summary: string } {
    return { ...options, summary: fitting(`${what} ${this.served.name}`, 'summary') };
  }

  private target(): Served & { uid: string } {
    return { ...this.served, uid: this.state.seen?.autoscalingRunnerSet?.uid ?? '' };
  }

  private async publish({ status, events }: NonNullable<AutoscalingRunnerSetPlan['publish']>): Promise<void> {
    const generation = this.state.seen?.autoscalingRunnerSet?.generation ?? 0;
    const target = this.target();
    this.publishing = true;
    this.state.events = [];
    try {
      await publishScaleSet({ ...target, generation, ...(status && { status }), events });
      if (status && target.uid === this.target().uid) this.remember(status, generation);
      this.failures = 0;
    } catch {
      this.failures += 1;
      if (mayTellAgain(this.failures)) this.state.events.unshift(...events);
      this.mayPublishAt = nextPublicationAt(Date.now(), this.failures);
    }
    this.publishing = false;
    this.woken = true;
  }

  private remember(status: ReturnType<typeof autoscalingRunnerSetStatus>, generation: number): void {
    this.state.published = {
      key: publicationKey(status, generation),
      words: wordsKey(status, generation),
      at: Date.now(),
    };
  }
}
