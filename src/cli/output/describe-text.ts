import type { Condition } from '../../api/conditions.ts';
import type { RunnerSetView, RunnerView } from '../../messages/ephemeral-runner-set.ts';
import type { PendingActivity, WorkflowFacts } from '../surroundings.ts';
import type { Column, Paint } from './output.ts';
import { formatAge, formatTable } from './output.ts';
import type { SetRow } from './view.ts';

interface Style {
  /** Milliseconds since the epoch. */
  now: number;
  paint: Paint;
}

/** Events and past failures shown; the newest ones. */
const NEWEST = 10;

/** Runners shown; `get runners` lists them all. */
const RUNNERS = 50;

/** A set's description for people: sections of fields and small tables. */
export function describeText(description: Description, style: Style): string {
  const { set, events, workflow, state, missing } = description;
  const sections = [
    section('', fields(setFields(description, style))),
    section('Conditions', table(set.conditions, conditionColumns(style), style)),
    section('Events', table(events.slice(-NEWEST), eventColumns(style), style)),
    ...(workflow ? workflowSections(workflow, style) : []),
    ...(state ? stateSections(state, style) : []),
    section('Missing', missing ? `${missing}\n` : ''),
  ];
  return sections.filter((text) => text !== '').join('\n');
}

function section(title: string, body: string): string {
  if (body === '') return '';
  return title === '' ? body : `${title}:\n${body.replaceAll(/^(?=.)/gm, '  ')}`;
}

function fields(pairs: [string, string | number | undefined][]): string {
  const shown = pairs.filter(([, value]) => value !== undefined && value !== '');
  const width = Math.max(...shown.map(([name]) => name.length)) + 2;
  return shown.map(([name, value]) => `${`${name}:`.padEnd(width)} ${value ?? ''}\n`).join('');
}

const table = <Row>(rows: readonly Row[], columns: Column<Row>[], { paint }: Style): string =>
  rows.length === 0 ? '' : formatTable(rows, columns, { paint });

const ago = (time: string | number | undefined, { now }: Style): string | undefined => {
  const age = time === '' ? undefined : formatAge(time, now);
  return age && `${age} ago`;
};

const setFields = ({ set }: Description, style: Style): [string, string | number | undefined][] => [
  ['Name', set.name],
  ['Namespace', set.namespace],
  ['Belongs to', set.autoscalingRunnerSet && `AutoscalingRunnerSet ${set.autoscalingRunnerSet}`],
  ['GitHub', set.githubConfigUrl],
  ['Scale set', set.runnerScaleSetId],
  ['Desired', set.desired],
  ['Current', `${set.current} (${set.running} running, ${set.pending} pending, ${set.failed} failed)`],
  ['Phase', set.phase],
  ['Paused', set.paused ? style.paint('yellow', pauseWords(set)) : undefined],
  ['Created', ago(set.createdAt, style)],
];

/** Whom "resume" lets go on. */
function pauseWords({ autoscalingRunnerSet, pausedByItself }: Description['set']): string {
  if (autoscalingRunnerSet === '') return 'yes; "temporal-arc resume" lets it go on';
  const how = pausedByItself ? 'by itself' : 'with its AutoscalingRunnerSet';
  return `yes, ${how}; "temporal-arc resume" lets both go on`;
}

const conditionColumns = (style: Style): Column<Description['set']['conditions'][number]>[] => [
  { title: 'TYPE', text: ({ type }) => type },
  { title: 'STATUS', text: ({ status }) => status },
  { title: 'SINCE', text: ({ lastTransitionTime }) => ago(lastTransitionTime, style) },
  { title: 'REASON', text: ({ reason }) => reason },
  { title: 'MESSAGE', text: ({ message }) => message },
];

const eventColumns = (style: Style): Column<Description['events'][number]>[] => [
  { title: 'LAST', text: ({ lastSeenAt }) => ago(lastSeenAt, style) },
  {
    title: 'TYPE',
    text: ({ type }) => type,
    color: ({ type }) => (type === 'Warning' ? 'yellow' : undefined),
  },
  { title: 'COUNT', text: ({ count }) => count },
  { title: 'REASON', text: ({ reason }) => reason },
  { title: 'MESSAGE', text: ({ message }) => message },
];

function workflowSections(workflow: WorkflowFacts, style: Style): string[] {
  const facts = fields([
    ['Id', workflow.workflowId],
    ['Run', workflow.runId],
    ['Status', workflow.status],
    ['Task queue', workflow.taskQueue],
    [
      'History',
      `${workflow.historyLength} events in this run, which began ${ago(workflow.startedAt, style) ?? ''}`,
    ],
  ]);
  const columns: Column<PendingActivity>[] = [
    { title: 'ACTIVITY', text: ({ type }) => type },
    { title: 'STATE', text: ({ state }) => state },
    {
      title: 'ATTEMPT',
      text: ({ attempt }) => attempt,
      color: ({ attempt }) => (attempt > 1 ? 'yellow' : undefined),
    },
    { title: 'NEXT TRY', text: ({ nextAttemptAt }) => nextAttemptAt },
    { title: 'LAST FAILURE', text: ({ lastFailure }) => lastFailure },
  ];
  return [
    section('Workflow', facts),
    section('Activities in progress', table(workflow.pendingActivities, columns, style)),
  ];
}

function stateSections(
  { blocked, failures, pastFailures, known, runners }: RunnerSetView,
  style: Style,
): string[] {
  const { paint } = style;
  const obstacle = blocked
    ? `${paint('red', blocked.reason)}: ${blocked.message}\n${blocked.tries} tries since ${ago(blocked.since, style) ?? ''}\n`
    : '';
  const row =
    failures.inARow > 0 ? `${failures.inARow} in a row, last ${failures.reason}: ${failures.message}\n` : '';
  const past = table(pastFailures.slice(-NEWEST), failureColumns(style), style);
  const shown = runners.slice(0, RUNNERS);
  const rest = known - shown.length;
  const more = rest > 0 ? `… and ${rest} more: "temporal-arc get runners" lists them all\n` : '';
  return [
    section('Creation is blocked', obstacle),
    section('Failures', row + past),
    section('Runners', table(shown, runnerColumns(style), style) + more),
  ];
}

const failureColumns = (style: Style): Column<RunnerSetView['pastFailures'][number]>[] => [
  { title: 'WHEN', text: ({ at }) => ago(at, style) },
  { title: 'RUNNER', text: ({ runner }) => runner },
  { title: 'REASON', text: ({ reason }) => reason },
  { title: 'MESSAGE', text: ({ message }) => message },
];

const runnerColumns = ({ now }: Style): Column<RunnerView>[] => [
  { title: 'NAME', text: ({ name }) => name },
  { title: 'STAGE', text: ({ stage, end }) => (end ? `${stage} (${end})` : stage) },
  { title: 'POD', text: ({ pod }) => pod },
  { title: 'RUNNER-ID', text: ({ runnerId }) => runnerId },
  { title: 'AGE', text: ({ createdAt }) => createdAt && formatAge(createdAt * 1000, now) },
  { title: 'REASON', text: ({ reason, message }) => [reason, message].filter(Boolean).join(': ') },
];

/** An Event of Kubernetes, several of a kind as one. */
export interface EventRow {
  type: string;
  reason: string;
  message: string;
  count: number;
  /** RFC 3339. */
  lastSeenAt: string;
}

/** The stable shape of `describe -o json`: what Kubernetes says, and what Temporal says. */
export interface Description {
  set: SetRow & { conditions: Condition[] };
  events: EventRow[];
  /** Absent when Temporal, or the workflow, could not be reached. */
  workflow?: WorkflowFacts;
  /** The workflow's own view; absent when no worker answered. */
  state?: RunnerSetView;
  /** Why a part is absent. */
  missing?: string;
}
