import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { Connection } from '@temporalio/client';
import { searchAttributes } from '../../dev/temporal.ts';
import { suiteServers } from './support/servers.ts';

/** `temporal-arc bootstrap` against a real Temporal server, as the Job in temporal/bootstrap.yaml runs it. */

jest.setTimeout(120_000);

const main = join(import.meta.dirname, '../../src/cli/main.ts');
/** `IndexedValueType` of Temporal's API. */
const TEXT: number = 1;
const KEYWORD: number = 2;

const names = Object.keys(searchAttributes());

interface Report {
  did: string;
  retentionDays: number;
  addedSearchAttributes: string[];
}

function bootstrap(namespace: string, ...args: string[]): Promise<{ report: Report; stderr: string }> {
  const { temporalAddress } = suiteServers();
  const env = { ...process.env, TEMPORAL_ADDRESS: temporalAddress, TEMPORAL_NAMESPACE: namespace };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [main, 'bootstrap', '-o', 'json', ...args],
      { env },
      (_error, stdout, stderr) => resolve({ report: JSON.parse(stdout || '{}') as Report, stderr }),
    );
  });
}

let connection: Connection;
beforeAll(async () => {
  connection = await Connection.connect({ address: suiteServers().temporalAddress });
});
afterAll(() => connection.close());

const freshName = (): string => `bootstrap-${randomBytes(3).toString('hex')}`;

async function stateOf(namespace: string) {
  const { config } = await connection.workflowService.describeNamespace({ namespace });
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return {
    days: Number(config?.workflowExecutionRetentionTtl?.seconds) / 86_400,
    ours: Object.entries(customAttributes)
      .filter(([name]) => names.includes(name))
      .sort(),
  };
}

test('makes the namespace with its retention and search attributes, and nothing the second time', async () => {
  const namespace = freshName();
  expect((await bootstrap(namespace, '--retention-days', '5')).report).toEqual({
    ...{ namespace, did: 'created', retentionDays: 5 },
    addedSearchAttributes: names,
  });
  const made = await stateOf(namespace);
  expect(made).toMatchObject({ days: 5 });
  expect(made.ours.map(([, type]) => type)).toEqual(names.map(() => KEYWORD));

  for (const args of [[], ['--retention-days', '5']])
    expect((await bootstrap(namespace, ...args)).report).toEqual({
      ...{ namespace, did: 'nothing', retentionDays: 5 },
      addedSearchAttributes: [],
    });
  expect(await stateOf(namespace)).toEqual(made);
});

test('adds what is missing to a namespace that is there, and leaves its retention unless another is asked for', async () => {
  const namespace = freshName();
  const workflowExecutionRetentionPeriod = { seconds: 86_400 as never, nanos: 0 };
  await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries([['ArcPhase', KEYWORD]]),
  });

  expect((await bootstrap(namespace)).report).toMatchObject({
    ...{ did: 'nothing', retentionDays: 1 },
    addedSearchAttributes: names.filter((name) => name !== 'ArcPhase'),
  });
  expect((await bootstrap(namespace, '--retention-days', '4')).report).toMatchObject({
    ...{ did: 'changed', retentionDays: 4 },
    addedSearchAttributes: [],
  });
  expect((await stateOf(namespace)).days).toBe(4);
});

test('two at once come to the same', async () => {
  const namespace = freshName();
  const both = await Promise.all([bootstrap(namespace), bootstrap(namespace)]);
  expect(both.map(({ stderr }) => stderr)).toEqual(['', '']);
  const { days, ours } = await stateOf(namespace);
  expect([days, ours.length]).toEqual([3, names.length]);
});

test('names a search attribute that has another type', async () => {
  const namespace = freshName();
  await bootstrap(namespace);
  const other = freshName();
  const workflowExecutionRetentionPeriod = { seconds: 86_400 as never, nanos: 0 };
  await connection.workflowService.registerNamespace({ namespace: other, workflowExecutionRetentionPeriod });
  await connection.operatorService.addSearchAttributes({
    namespace: other,
    searchAttributes: Object.fromEntries([['ArcPhase', TEXT]]),
  });
  const { stderr } = await bootstrap(other);
  expect(stderr).toMatch(
    /^error: Search attributes of Temporal's namespace .* ArcPhase; rename or remove them/,
  );
});
