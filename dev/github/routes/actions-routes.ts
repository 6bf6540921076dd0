import type { ScaleSet } from '../model.ts';
import type { CallName } from '../protocol.ts';
import { wireOf } from '../scale-sets.ts';
import type { World } from '../world.ts';
import type { Answer, Call, Route } from './answer.ts';
import { exception, noContent, ok } from './answer.ts';

/** A call with a valid admin token: whose it is. */
export interface AdminCall extends Call {
  configPath: string;
}

type Handler = (call: AdminCall) => Answer | Promise<Answer>;

const API_VERSION = '6.0-preview';

/** Guards a route of the Actions service: API version and admin token. */
export const adminRoute =
  (world: World) =>
  (method: Route['method'], name: CallName, [path, handle]: [path: RegExp, handle: Handler]): Route => ({
    method,
    path,
    name,
    handle: (call) => {
      if (call.query.get('api-version') !== API_VERSION) {
        return exception(400, 'VssVersionNotSpecifiedException', 'No api-version was supplied');
      }
      const configPath = world.keys.configPathOf(call.headers.authorization);
      if (configPath === undefined)
        return exception(401, 'TokenExpiredException', 'The token is unknown or expired');
      return handle({ ...call, configPath });
    },
  });

/** Which scale set a call names, and through which config path; one of a queue token goes through none. */
interface Named {
  id: string | undefined;
  configPath?: string;
}

/** The scale set a path names, or the refusal: through another config path it is not there. */
export function withScaleSet(
  { scaleSets }: World,
  { id, configPath }: Named,
  handle: (scaleSet: ScaleSet) => Answer | Promise<Answer>,
): Answer | Promise<Answer> {
  const scaleSet = scaleSets.get(Number(id));
  const owner = scaleSet?.configPath;
  const isSeen = owner === undefined || configPath === undefined || owner === configPath;
  if (scaleSet && isSeen) return handle(scaleSet);
  return exception(
    404,
    'Actions.Runtime.WebApi.RunnerScaleSetNotFoundException',
    `No runner scale set ${id ?? ''}`,
  );
}

const list = (value: object | undefined): Answer => ok({ count: value ? 1 : 0, value: value ? [value] : [] });

/** Runners, runner groups and scale sets of the Actions service. */
export const actionsRoutes = (world: World, base: () => string): Route[] => [
  ...scaleSetRoutes(world),
  ...runnerRoutes(world, base),
];

function scaleSetRoutes(world: World): Route[] {
  const { scaleSets } = world;
  const route = adminRoute(world);
  const show = (set: ScaleSet): object => wireOf(set, scaleSets.groups);
  const one = /\/_apis\/runtime\/runnerscalesets\/(\d+)$/;
  const all = /\/_apis\/runtime\/runnerscalesets$/;
  return [
    route('GET', 'getrunnergroup', [
      /\/_apis\/runtime\/runnergroups\/?$/,
      ({ query }) => {
        const wanted = query.get('groupName')?.toLowerCase();
        return list(scaleSets.groups.find(({ name }) => name.toLowerCase() === wanted));
      },
    ]),
    route('GET', 'getscalesetbyname', [
      all,
      ({ query, configPath }) => {
        const key = { name: query.get('name') ?? '', runnerGroupId: Number(query.get('runnerGroupId')) };
        const found = scaleSets.find({ configPath, ...key });
        return list(found && show(found));
      },
    ]),
    route('GET', 'getscaleset', [
      one,
      ({ params: [id], configPath }) => withScaleSet(world, { id, configPath }, (set) => ok(show(set))),
    ]),
    route('POST', 'createscaleset', [all, (call) => create(world, call)]),
    route('PATCH', 'updatescaleset', [
      one,
      ({ params: [id], body, configPath }) =>
        withScaleSet(world, { id, configPath }, (set) => {
          if (isTaken(world, set, body)) return exists(`of the name for ${set.name}`);
          change(set, body);
          world.jobs.adopt(set);
          return ok(show(set));
        }),
    ]),
    route('DELETE', 'deletescaleset', [
      one,
      ({ params: [id], configPath }) => withScaleSet(world, { id, configPath }, (set) => remove(world, set)),
    ]),
  ];
}

function create(world: World, { body, configPath }: AdminCall): Answer {
  const { scaleSets, jobs, options } = world;
  const name = String(body['name']);
  const runnerGroupId = Number(body['runnerGroupId'] ?? 1);
  if (!scaleSets.groups.some(({ id }) => id === runnerGroupId)) {
    return exception(404, 'RunnerGroupNotFoundException', `No runner group ${runnerGroupId}`);
  }
  const labels = (labelNames(body) ?? [name]).slice(0, options.keptLabels);
  const created = scaleSets.add({ name, runnerGroupId, labels, configPath, ...settingIn(body) });
  if (created) {
    jobs.adopt(created);
    return ok(wireOf(created, scaleSets.groups));
  }
  return exists(name);
}

const exists = (name: string): Answer =>
  exception(409, 'Actions.Runtime.WebApi.RunnerScaleSetExistsException', `Runner scale set ${name} exists`);

/** Another one has the name in the group that this one is to have. */
function isTaken(
  { scaleSets }: World,
  set: ScaleSet,
  { name, runnerGroupId }: Record<string, unknown>,
): boolean {
  const namesake = scaleSets.find({
    configPath: set.configPath ?? '',
    name: typeof name === 'string' && name !== '' ? name : set.name,
    runnerGroupId: typeof runnerGroupId === 'number' && runnerGroupId > 0 ? runnerGroupId : set.runnerGroupId,
  });
  return namesake !== undefined && namesake !== set;
}

const labelNames = ({ labels }: Record<string, unknown>): string[] | undefined =>
  Array.isArray(labels) ? (labels as { name: string }[]).map(({ name }) => name) : undefined;

function settingIn(body: Record<string, unknown>): { disableUpdate?: boolean } {
  const setting = body['RunnerSetting'] as { disableUpdate?: boolean } | undefined;
  return setting?.disableUpdate === undefined ? {} : { disableUpdate: setting.disableUpdate };
}

/** Only members that are present and not zero change anything. */
function change(set: ScaleSet, body: Record<string, unknown>): void {
  const { name, runnerGroupId } = body;
  if (typeof name === 'string' && name !== '') set.name = name;
  if (typeof runnerGroupId === 'number' && runnerGroupId > 0) set.runnerGroupId = runnerGroupId;
  const labels = labelNames(body);
  if (labels && labels.length > 0) set.labels = labels;
  Object.assign(set, settingIn(body));
}

/** Refused while a job runs; those that wait are queued again, for whichever scale set has their labels. */
function remove({ scaleSets, runners, jobs }: World, set: ScaleSet): Answer {
  if (set.jobs.running.size > 0) {
    return exception(400, 'JobStillRunningException', `Runner scale set ${set.id} has running jobs`);
  }
  for (const runner of set.runners) runners.remove(runner);
  scaleSets.remove(set);
  set.queue.wake();
  jobs.orphan(set);
  for (const other of scaleSets.all()) jobs.adopt(other);
  return noContent;
}

function runnerRoutes(world: World, base: () => string): Route[] {
  const { runners } = world;
  const route = adminRoute(world);
  const one = /\/_apis\/distributedtask\/pools\/0\/agents\/(\d+)$/;
  return [
    route('POST', 'generatejitconfig', [
      /\/_apis\/runtime\/runnerscalesets\/(\d+)\/generatejitconfig$/,
      ({ params: [id], body, configPath }) =>
        withScaleSet(world, { id, configPath }, (scaleSet) => {
          const name = typeof body['name'] === 'string' ? body['name'] : '';
          if (name === '') return exception(400, 'ArgumentException', 'A runner needs a name');
          const runner = runners.add(scaleSet, { configPath, name });
          if (!runner)
            return exception(409, 'DistributedTask.WebApi.TaskAgentExistsException', `Agent ${name} exists`);
          return ok({ runner: referenceOf(runner), encodedJITConfig: runners.encode(runner, base()) });
        }),
    ]),
    route('GET', 'getrunner', [
      one,
      ({ params: [id] }) => {
        const runner = runners.get(Number(id));
        if (runner) return ok({ ...referenceOf(runner), status: runner.online ? 'online' : 'offline' });
        return exception(404, 'DistributedTask.WebApi.TaskAgentNotFoundException', `No agent ${id ?? ''}`);
      },
    ]),
    route('GET', 'getrunnerbyname', [
      /\/_apis\/distributedtask\/pools\/0\/agents$/,
      ({ query, configPath }) => {
        const runner = runners.named(configPath, query.get('agentName') ?? '');
        return list(runner && referenceOf(runner));
      },
    ]),
    route('DELETE', 'removerunner', [
      one,
      ({ params: [id] }) => {
        const runner = runners.get(Number(id));
        if (runner?.job) {
          return exception(
            400,
            'Actions.Runtime.WebApi.JobStillRunningException',
            `Runner ${runner.name} runs a job`,
          );
        }
        if (runner) runners.remove(runner);
        return noContent;
      },
    ]),
  ];
}

const referenceOf = ({ id, name, scaleSet }: { id: number; name: string; scaleSet: ScaleSet }): object => ({
  id,
  name,
  runnerScaleSetId: scaleSet.id,
});
