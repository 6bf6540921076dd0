import TinyQueue from 'tinyqueue';
import { STAGES } from '../../messages/ephemeral-runner-set.ts';
import type { Stage } from '../../messages/ephemeral-runner-set.ts';
import type { RunnerState } from './runner.ts';

/** What runners call for, beside their stage. */
const NEEDS = [
  'begin', // its creation, which was cut short, can be taken up again
  'leave', // it can be retired now
  'outgoing', // it is to leave, though it could still take a job
  'tell', // its status is not in the cluster yet
  'protect', // its pod is to stay where it is
  'check', // GitHub is to be asked about it
  'rejected', // it was refused, and is evidence
  'over', // it is over, and is to be cleaned up
  'disrupted', // the same, by the platform
] as const;

/** One thing that a runner calls for. */
export type Need = (typeof NEEDS)[number];

/** Where a runner stands in the index. */
export interface Place {
  stage: Stage;
  needs: readonly Need[];
  /** Milliseconds since the epoch: when its place changes by time alone; `Infinity` if it does not. */
  dueAt: number;
}

interface Placed {
  runner: RunnerState;
  place: Place;
}

interface Alarm {
  at: number;
  name: string;
}

/**
 * The runners of a set, with an index by stage and by what they call for: a pass looks at the runners that changed and
 * at those whose time has come, not at all of them. What is read is `Readonly`; whoever changes a runner takes it with
 * `edit`, and `place` then gives it its new place. All orders are orders of insertion, so that a replay sees the same.
 */
export class Runners {
  private readonly byName = new Map<string, RunnerState>();
  private readonly changed = new Set<string>();
  private readonly places = new Map<string, Placed>();
  private readonly stages = setsOf(STAGES);
  private readonly needs = setsOf(NEEDS);
  /** Alarms that were overtaken by a new place stay until they are reached, or until they are the greater part. */
  private alarms = newAlarms();

  constructor(runners: Iterable<RunnerState> = []) {
    for (const runner of runners) this.put(runner);
  }

  get size(): number {
    return this.byName.size;
  }

  has(name: string): boolean {
    return this.byName.has(name);
  }

  get(name: string): Readonly<RunnerState> | undefined {
    return this.byName.get(name);
  }

  values(): IterableIterator<Readonly<RunnerState>> {
    return this.byName.values();
  }

  /** A runner, to be changed. */
  edit(name: string): RunnerState | undefined {
    const runner = this.byName.get(name);
    if (runner) this.changed.add(name);
    return runner;
  }

  /** A runner, to be changed; a new one if there is none of that name. */
  editOrAdd(name: string): RunnerState {
    return this.edit(name) ?? this.put({ name });
  }

  /** Adds a runner, or puts it into the place of the one of its name. */
  put(runner: RunnerState): RunnerState {
    this.byName.set(runner.name, runner);
    this.changed.add(runner.name);
    return runner;
  }

  delete(name: string): void {
    const placed = this.places.get(name);
    if (placed) this.leave(placed);
    this.places.delete(name);
    this.byName.delete(name);
    this.changed.delete(name);
  }

  /** All of them, to be changed. */
  edited(): RunnerState[] {
    this.changeAll();
    return [...this.byName.values()];
  }

  /** All are to get new places: what places depend on has changed. */
  changeAll(): void {
    for (const name of this.byName.keys()) this.changed.add(name);
  }

  /** Those that changed, or whose time has come, since they were placed. They may be edited meanwhile. */
  unplaced(now: number): RunnerState[] {
    this.ring(now);
    return [...this.changed].flatMap((name) => this.byName.get(name) ?? []);
  }

  /** Gives all that changed their new places. */
  place(placeOf: (runner: Readonly<RunnerState>) => Place): void {
    for (const name of this.changed) {
      const runner = this.byName.get(name);
      if (runner) this.putAt(runner, placeOf(runner));
    }
    this.changed.clear();
    if (this.alarms.length > 2 * this.byName.size + 64) this.dropOvertaken();
  }

  /** How many are in these stages. */
  count(...stages: Stage[]): number {
    return stages.reduce((sum, stage) => sum + this.stages[stage].size, 0);
  }

  /** Those in a stage. */
  inStage(stage: Stage): ReadonlySet<Readonly<RunnerState>> {
    return this.stages[stage];
  }

  /** Those that call for something. */
  needing(need: Need): ReadonlySet<Readonly<RunnerState>> {
    return this.needs[need];
  }

  /** Milliseconds since the epoch: when the first of them changes its place by time alone; `Infinity` if none does. */
  nextDueAt(): number {
    let first = this.alarms.peek();
    while (first && this.isOvertaken(first)) {
      this.alarms.pop();
      first = this.alarms.peek();
    }
    return first?.at ?? Infinity;
  }

  private ring(now: number): void {
    while (this.nextDueAt() <= now) {
      const { name = '' } = this.alarms.pop() ?? {};
      this.changed.add(name);
    }
  }

  private putAt(runner: RunnerState, place: Place): void {
    const before = this.places.get(runner.name);
    if (before) this.leave(before, runner, place);
    this.places.set(runner.name, { runner, place });
    this.stages[place.stage].add(runner);
    for (const need of place.needs) this.needs[need].add(runner);
    if (place.dueAt < Infinity && place.dueAt !== before?.place.dueAt) {
      this.alarms.push({ at: place.dueAt, name: runner.name });
    }
  }

  /** Takes a runner from where it was, but for where it stays: its order there is kept. */
  private leave({ runner, place }: Placed, next?: RunnerState, to?: Place): void {
    const stays = runner === next;
    if (!stays || to?.stage !== place.stage) this.stages[place.stage].delete(runner);
    for (const need of place.needs) {
      if (!stays || !to?.needs.includes(need)) this.needs[need].delete(runner);
    }
  }

  private isOvertaken({ name, at }: Alarm): boolean {
    return this.places.get(name)?.place.dueAt !== at;
  }

  private dropOvertaken(): void {
    this.alarms = newAlarms();
    for (const [name, { place }] of this.places) {
      if (place.dueAt < Infinity) this.alarms.push({ at: place.dueAt, name });
    }
  }
}

const newAlarms = (): TinyQueue<Alarm> => new TinyQueue<Alarm>([], (a, b) => a.at - b.at);

const setsOf = <K extends string>(keys: readonly K[]): Record<K, Set<RunnerState>> =>
  Object.fromEntries(keys.map((key) => [key, new Set<RunnerState>()])) as Record<K, Set<RunnerState>>;
