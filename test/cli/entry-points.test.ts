import { commandLine } from '../../src/cli/entry-points.ts';

test.each([
  ['/manager', ['--auto-scaling-runner-set-only'], ['manager', '--auto-scaling-runner-set-only']],
  ['/ghalistener', [], ['listener']],
  ['/usr/local/bin/temporal-arc', ['get', 'runners'], ['get', 'runners']],
  ['/app/dist/cli/main.js', ['worker'], ['worker']],
  ['/home/me/manager/main.ts', ['worker'], ['worker']],
])('started as %s with %j, it is %j', (program, args, line) => {
  expect(commandLine(['/usr/local/bin/node', program, ...args])).toEqual(line);
});
