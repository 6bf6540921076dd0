import type { ActivityOptions } from '@temporalio/workflow';
import { ApplicationFailure, CancellationScope, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { CreateRunnersResult } from '../../activities/ephemeral-runner-set/create-runners.ts';
import type { PublishStatusInput } from '../../activities/ephemeral-runner-set/publish-status.ts';
import type {
  RetireRunnersResult,
  RunnerToRetire,
} from '../../activities/ephemeral-runner-set/retire-runners.ts';
import type { Stop } from '../../activities/failures.ts';
import type { Activities } from '../../activities/index.ts';
import { fitting } from '../../api/text-limits.ts';
import type { Paused, ScaleResult } from '../../messages/ephemeral-runner-set.ts';
import { stopFrom } from '../activity-failure.ts';
import { heartbeatTimeout, retry } from '../activity-options.ts';
import { reconciled } from '../metrics-sink.ts';
import { WakeTimer } from '../wake-timer.ts';
import type { Plan } from './plan.ts';
import type { Creation } from './policies/creation.ts';
import type { RegistrationCheck } from './policies/registration-check.ts';
import type { Publication } from './publication.ts';
import type { Outcome } from './settle.ts';
import type { RunnerSetState } from './state.ts';
import { phaseOf, runnerStatusKey, statusKey } from './status.ts';
import { PhaseAttribute } from '../phase-attribute.ts';
import { mayTellAgain, nextPublicationAt } from '../policies/publication-pace.ts';
import { nextCheckAt } from './policies/registration-check.ts';
import { retirementBatches } from './policies/retirement.ts';

/** Long ones heartbeat, and go on in another worker when theirs is lost. */
const long = {
  startToCloseTimeout: '10m',
  heartbeatTimeout,
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry,
} as const satisfies ActivityOptions;

const short = { startToCloseTimeout: '30s', heartbeatTimeout, retry } as const satisfies ActivityOptions;

const asking = { startToCloseTimeout: '2m', heartbeatTimeout, retry } as const satisfies ActivityOptions;

const { createRunners, retireRunners, publishStatus } = proxyActivities<Activities>(long);
const { scaleRunnerSet, pauseRunnerSet, checkRegistrations } = proxyActivities<Activities>(short);

interface Served {
  namespace: string;
  name?: string;
}

/** Carries plans out and gathers what comes of them. Decides nothing. */
export class Executor {
  /** Runners being created at the same time. */
  lanes = 0;
  publishing = false;
  /** Milliseconds since the epoch: no status is written before. */
  mayPublishAt = 0;
  /** Publications in a row that failed. */
  private failures = 0;
  checking = false;
  /** Milliseconds since the epoch: GitHub is not asked about idle runners before. */
  mayCheckAt = 0;
  /** Retiring activities that run. */
  retirements = 0;
  private creations = 0;
  private outcomes: Outcome[] = [];
  private woken = false;
  private readonly alarm: WakeTimer;
  private readonly phase = new PhaseAttribute();
  private readonly work = new CancellationScope();
  private readonly served: Served;
  private readonly state: RunnerSetState;

  constructor(served: Served, state: RunnerSetState) {
    this.served = served;
    this.state = state;
    this.alarm = new WakeTimer(() => (this.woken = true), 'until the next try');
  }

  get inFlight(): number {
    return this.creations + this.retirements + (this.publishing ? 1 : 0) + (this.checking ? 1 : 0);
  }

  /** Something happened that calls for a new look at the state. */
  get hasNews(): boolean {
    return this.woken || this.outcomes.length > 0;
  }

  takeOutcomes(): Outcome[] {
    this.woken = false;
    return this.outcomes.splice(0);
  }

  /** Ends what may take long, because the workflow is about to continue as new. */
  drain(): void {
    if (!this.work.consideredCancelled) this.work.cancel();
    this.alarm.stop();
  }

  /** @param observedAt when the change that led to this plan was seen, in milliseconds */
  carryOut(plan: Plan, observedAt: number | undefined): void {
    const begun = [
      ...plan.create.map((creation) => this.create(creation)),
      ...retirementBatches(plan.retire).map((batch) => this.retire(batch)),
    ];
    if (plan.publish) begun.push(this.publish(plan.publish));
    if (plan.check) begun.push(this.check(plan.check));
    this.phase.show(phaseOf(this.state));
    if (plan.wakeAt !== undefined) this.alarm.setTo(plan.wakeAt);
    if (observedAt === undefined) return;
    const pass = `ephemeralrunner${this.served.name === undefined ? '' : 'set'}`;
    void Promise.all(begun).then(() => reconciled(pass, observedAt));
  }

  async scale(replicas: number): Promise<ScaleResult> {
    const target = this.named();
    const summary = fitting(`${target.name}: ${replicas} replicas`, 'summary');
    return scaleRunnerSet.executeWithOptions({ ...short, summary }, [{ ...target, replicas }]);
  }

  async pause(paused: boolean): Promise<Paused> {
    await pauseRunnerSet({ ...this.named(), paused });
    return { paused };
  }

  private named(): Required<Served> {
    const { namespace, name } = this.served;
    if (name !== undefined) return { namespace, name };
    throw ApplicationFailure.nonRetryable('These runners belong to no EphemeralRunnerSet.', 'NoRunnerSet');
  }

  /** The set as activities are told of it; one that no longer exists is not named. */
  private target(): { namespace: string; runnerSet?: string } {
    const { namespace, name } = this.served;
    return name === undefined || !this.state.runnerSet ? { namespace } : { namespace, runnerSet: name };
  }

  private async create({ names, lanes, probe }: Creation): Promise<void> {
    for (const name of names) this.mark(name, 'create');
    this.creations += 1;
    this.lanes += lanes;
    const { order, repairs, runnerSet } = this.state;
    const generation = runnerSet?.generation ?? 0;
    const input = { ...this.target(), generation, names, atOnce: lanes, patchId: order.id, probe };
    const options = { ...long, summary: summarize(names) };
    const attempt = await this.attempt(() => createRunners.executeWithOptions(options, [input]));
    this.creations -= 1;
    this.lanes -= lanes;
    const nothing: CreateRunnersResult = { created: [], rejected: [], begun: [] };
    this.outcomes.push({ of: 'create', names, probe, repairs, result: { ...nothing, ...attempt } });
  }

  private async retire(runners: RunnerToRetire[]): Promise<void> {
    const names = runners.map(({ name }) => name);
    for (const name of names) this.mark(name, 'retire');
    this.retirements += 1;
    const options = { ...long, summary: summarize(names) };
    const input = { ...this.target(), runners };
    const attempt = await this.attempt(() => retireRunners.executeWithOptions(options, [input]));
    this.retirements -= 1;
    const nothing: RetireRunnersResult = { retired: [], kept: [], busy: [] };
    this.outcomes.push({ of: 'retire', names, result: { ...nothing, ...attempt } });
  }

  private async check(check: RegistrationCheck): Promise<void> {
    const { namespace, name } = this.served;
    if (name === undefined) return;
    this.checking = true;
    const summary = `${check.suspects.length + check.unclear.length} runners`;
    const input = { namespace, runnerSet: name, ...check };
    const attempt: { stopped?: Stop } = await this.attempt(async () => {
      const result = await checkRegistrations.executeWithOptions({ ...asking, summary }, [input]);
      this.outcomes.push({ of: 'check', result });
      return {};
    });
    this.checking = false;
    this.woken = true;
    if (attempt.stopped) this.mayCheckAt = nextCheckAt(Date.now());
  }

  private async publish({
    status,
    runners,
    oneAtATime,
    events,
    protect,
    ...finalizer
  }: Publication): Promise<void> {
    const { namespace, name } = this.served;
    const seen = this.state.runnerSet;
    const runnerSet =
      name !== undefined && seen ? { name, uid: seen.uid, generation: seen.generation } : undefined;
    const uids = new Map(runners.map((each) => [each.name, this.uidOf(each.name)]));
    this.publishing = true;
    this.state.events = this.state.events.slice(events.length);
    const content = {
      ...(status ? { status } : {}),
      ...finalizer,
      runners,
      ...(oneAtATime && { oneAtATime }),
      events,
      ...this.protection(protect),
    };
    const attempt: { stopped?: Stop; written?: true } = await this.attempt(async () => {
      await publishStatus({ namespace, ...(runnerSet && { runnerSet }), ...content });
      return { written: true };
    });
    this.publishing = false;
    this.woken = true;
    this.failures = attempt.stopped ? this.failures + 1 : 0;
    this.mayPublishAt = nextPublicationAt(Date.now(), this.failures);
    // Cancelled, because the workflow continues as new, it may not even have begun: the next run writes it again.
    if (!attempt.written) {
      if (mayTellAgain(this.failures)) this.state.events.unshift(...events);
      return;
    }
    // Another one may have the name by now: nothing that was written for the first stands there.
    const isStill = runnerSet !== undefined && this.state.runnerSet?.uid === runnerSet.uid;
    if (isStill) this.rememberSet({ ...(status && { status }), ...finalizer }, runnerSet.generation);
    for (const update of runners) {
      if (this.uidOf(update.name) !== uids.get(update.name)) continue;
      const runner = this.state.runners.edit(update.name);
      if (runner) runner.published = runnerStatusKey(update);
    }
    for (const each of protect) {
      const runner = this.state.runners.edit(each);
      if (runner) runner.protected = true;
    }
  }

  private rememberSet(
    {
      status,
      addFinalizer,
      removeFinalizer,
    }: Pick<Publication, 'status' | 'addFinalizer' | 'removeFinalizer'>,
    generation: number,
  ): void {
    if (status) this.state.published = statusKey(status, generation);
    if (addFinalizer && this.state.runnerSet) this.state.runnerSet.hasFinalizer = true;
    if (removeFinalizer) delete this.state.runnerSet?.hasFinalizer;
  }

  /** Known of runners of no set: only there can another one have the name. */
  private uidOf(name: string): string | undefined {
    return this.state.runners.get(name)?.seen?.uid;
  }

  private protection(runners: string[]): Pick<PublishStatusInput, 'protect'> {
    if (runners.length === 0) return {};
    return { protect: { runners, by: this.state.settings.jobProtection ?? 'budget' } };
  }

  private mark(name: string, doing: 'create' | 'retire'): void {
    this.state.runners.editOrAdd(name).doing = doing;
  }

  /** Runs an activity to its end, whatever that is: a result, or why it was given up. */
  private async attempt<T extends object>(activity: () => Promise<T>): Promise<T | { stopped?: Stop }> {
    try {
      return await this.work.run(activity);
    } catch (error) {
      return isCancellation(error) ? {} : { stopped: stopFrom(error) };
    }
  }
}

/** Names the first and counts the rest. */
const summarize = ([first = '', ...others]: string[]): string =>
  fitting(others.length === 0 ? first : `${first} and ${others.length} more`, 'summary');
