import { readdirSync, statSync } from 'node:fs';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { InjectedSinks, ReplayWorkerOptions } from '@temporalio/worker';
import { workflowCode } from '../../src/workers/workflow-code.ts';
import type { MetricsSinks } from '../../src/workflows/metrics-sink.ts';
import type { HistoryJson } from '../histories/history-json.ts';
import { fromHistoryJson, readHistory } from '../histories/history-json.ts';

/**
 * Histories of real runs (test/histories/record.ts) lead the workflows of today to the same commands. Where this fails,
 * workflows that are running somewhere would get stuck: guard the change with `patched()`.
 */
const folder = new URL('../histories/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));

let options: ReplayWorkerOptions;

const sinks: InjectedSinks<MetricsSinks> = { metrics: { reconciled: { fn: () => undefined } } };

beforeAll(async () => {
  const logger = new DefaultLogger('ERROR');
  Runtime.install({ logger, telemetryOptions: { logging: { forward: {}, filter: 'OFF' } } });
  options = { workflowBundle: await workflowCode(logger), replayName: 'recorded', sinks };
}, 60_000);

afterAll(() => Runtime.instance().shutdown());

const load = (name: string): HistoryJson => readHistory(new URL(name, folder));

const replay = async (history: HistoryJson): Promise<void> => {
  await Worker.runReplayHistory(options, fromHistoryJson(history), 'recorded');
};

test.each(files)(
  '%s leads to the same commands',
  async (name) => {
    await replay(load(name));
  },
  30_000,
);

interface Scheduled {
  activityType: { name: string };
}

const scheduledIn = ({ events }: HistoryJson): Scheduled[] =>
  events.flatMap((event) => (event['activityTaskScheduledEventAttributes'] as Scheduled | undefined) ?? []);

describe('the replay notices', () => {
  test('an activity that was another one', async () => {
    const history = load('scale-up-and-down.json');
    scheduledIn(history)[5]!.activityType.name = 'doSomethingElse';
    await expect(replay(history)).rejects.toMatchObject({ name: 'DeterminismViolationError' });
  }, 30_000);

  test('an observation that was another one: other runners would be made', async () => {
    const history = load('scale-up-and-down.json');
    const attributes = history.events.flatMap(
      (event) => event['workflowExecutionSignaledEventAttributes'] ?? [],
    );
    const payloads = attributes.flatMap(
      (signaled) => (signaled as { input: { payloads: { data: string }[] } }).input.payloads,
    );
    const order = payloads.find(({ data }) => decode(data).includes('"replicas":30'))!;
    order.data = Buffer.from(decode(order.data).replace('"replicas":30', '"replicas":3')).toString('base64');
    await expect(replay(history)).rejects.toMatchObject({ name: 'DeterminismViolationError' });
  }, 30_000);
});

const decode = (base64: string): string => Buffer.from(base64, 'base64').toString();

/** Every text of a history, and what it decodes to if it is base64, as payloads are, down to the last layer. */
function textsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(textsIn);
  if (typeof value !== 'string') return [];
  const words = value.match(/[A-Za-z0-9+/_-]{16,}={0,2}/g) ?? [];
  const decoded = words.map(decode).filter((text) => /^[\x20-\x7e\s]{8,}$/.test(text));
  return [value, ...decoded.flatMap(textsIn)];
}

/** Tokens of GitHub, JSON Web Tokens, private keys, and the insides of the stand-in's JIT configs. */
const SECRETS =
  /gh[a-z]_\w|github_pat_|eyJ[\w-]{10,}\.eyJ|PRIVATE KEY|encodedJITConfig|"secret":|jitconfig"?:/i;

describe.each(files)('%s', (name) => {
  const history = load(name);

  test('holds no token, key or JIT config', () => {
    expect(textsIn(history).filter((text) => SECRETS.test(text))).toEqual([]);
  });

  test('tells nothing of the machine that recorded it, and is small', () => {
    expect(
      textsIn(history).filter((text) => /\/(home|root|tmp|Users)\/|node_modules|\d+@\w/.test(text)),
    ).toEqual([]);
    expect(statSync(new URL(name, folder)).size).toBeLessThan(300 * 1024);
  });
});

test('the search for secrets finds them, also within payloads', () => {
  const payload = (text: string) => ({
    data: Buffer.from(JSON.stringify({ token: text })).toString('base64'),
  });
  const jit = Buffer.from(JSON.stringify({ url: 'http://127.0.0.1', secret: 'x' })).toString('base64');
  for (const text of ['ghp_standin', 'github_pat_1', '-----BEGIN RSA PRIVATE KEY-----', jit]) {
    expect(textsIn([{ input: payload(text) }]).some((found) => SECRETS.test(found))).toBe(true);
  }
});
