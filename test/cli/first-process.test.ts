import { EventEmitter } from 'node:events';
import { endWhenTold } from '../../src/cli/first-process.ts';

class Process extends EventEmitter {
  readonly codes: number[] = [];
  readonly pid: number;

  constructor(pid: number) {
    super();
    this.pid = pid;
  }

  exit(code: number): void {
    this.codes.push(code);
  }
}

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
])('the first process ends by %s while nobody else waits for it, with %i', (signal, code) => {
  const first = new Process(1);
  endWhenTold(first);
  first.emit(signal);
  expect(first.codes).toEqual([code]);
});

test('who waits for the signal decides, and the second one ends it', () => {
  const first = new Process(1);
  endWhenTold(first);
  const asked: string[] = [];
  first.once('SIGTERM', () => asked.push('stop'));
  first.emit('SIGTERM');
  expect({ asked, codes: first.codes }).toEqual({ asked: ['stop'], codes: [] });
  first.emit('SIGTERM');
  expect(first.codes).toEqual([143]);
});

test('any other process is left to the kernel', () => {
  const other = new Process(7);
  endWhenTold(other);
  expect(other.eventNames()).toEqual([]);
});
