import { Tally } from '../../../bench/create/tally.ts';

const whole = (tally: Tally, name: string): void => {
  tally.put(name, { of: 'runner', ready: false });
  tally.put(name, { of: 'secret' });
  tally.put(name, { of: 'pod', running: false });
};

describe('the tally of runners', () => {
  it('counts a runner as created only when it has its Secret, which comes with the registration, and its pod', () => {
    const tally = new Tally();
    tally.put('a', { of: 'pod', running: false });
    tally.put('a', { of: 'runner', ready: false });
    expect(tally.counts).toEqual({ present: 1, created: 0, running: 0, ready: 0 });
    tally.put('a', { of: 'secret' });
    expect(tally.counts).toEqual({ present: 1, created: 1, running: 0, ready: 0 });
  });

  it('counts a change that comes twice once', () => {
    const tally = new Tally();
    whole(tally, 'a');
    tally.put('a', { of: 'pod', running: true });
    tally.put('a', { of: 'pod', running: true });
    expect(tally.counts).toEqual({ present: 1, created: 1, running: 1, ready: 0 });
  });

  it('keeps a runner until the last of its objects is gone', () => {
    const tally = new Tally();
    whole(tally, 'a');
    whole(tally, 'b');
    tally.remove('a', 'runner');
    tally.remove('a', 'pod');
    expect(tally.counts).toEqual({ present: 2, created: 1, running: 0, ready: 0 });
    tally.remove('a', 'secret');
    tally.remove('a', 'secret');
    expect(tally.counts).toEqual({ present: 1, created: 1, running: 0, ready: 0 });
  });
});
