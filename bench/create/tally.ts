/** What one event says of a runner: which of its objects it concerns, and how that object now stands. */
export type Sighting = { of: 'runner'; ready: boolean } | { of: 'pod'; running: boolean } | { of: 'secret' };

/** Numbers of runners. */
export interface Counts {
  /** Runners of which any object exists. */
  present: number;
  /** Runners that are whole: the object, its pod, and the Secret, which exists once GitHub has registered the runner. */
  created: number;
  /** Runners whose pod runs. */
  running: number;
  /** EphemeralRunners whose status says `ready`. */
  ready: number;
}

type Objects = { [K in Sighting['of']]?: Extract<Sighting, { of: K }> | undefined };

const NOTHING: Counts = { present: 0, created: 0, running: 0, ready: 0 };

/** Counts runners by what exists of them; each change costs the same, however many there are. */
export class Tally {
  readonly counts: Counts = { ...NOTHING };
  readonly #runners = new Map<string, Objects>();

  /** Takes note of an object that was added or changed. */
  put(name: string, sighting: Sighting): void {
    this.#change(name, { [sighting.of]: sighting });
  }

  /** Takes note that an object is gone. */
  remove(name: string, of: Sighting['of']): void {
    this.#change(name, { [of]: undefined });
  }

  #change(name: string, change: Objects): void {
    const before = this.#runners.get(name) ?? {};
    const after = { ...before, ...change };
    if (Object.values(after).some((object) => object !== undefined)) this.#runners.set(name, after);
    else this.#runners.delete(name);
    const [old, now] = [countsOf(before), countsOf(after)];
    for (const key of Object.keys(NOTHING) as (keyof Counts)[]) this.counts[key] += now[key] - old[key];
  }
}

const countsOf = ({ runner, pod, secret }: Objects): Counts => ({
  present: runner || pod || secret ? 1 : 0,
  created: runner && pod && secret ? 1 : 0,
  running: pod?.running ? 1 : 0,
  ready: runner?.ready ? 1 : 0,
});
