import { mkdirSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { tryLock } from '../lock.ts';
import { onStopSignal } from '../processes.ts';
import { applySamples } from '../local/sample-sets.ts';
import { countScaleSets } from '../local/counts.ts';
import { instructions } from '../local/instructions.ts';
import { writeRunFile } from '../local/run-file.ts';
import * as parts from '../local/parts.ts';
import type { PartOptions } from '../local/parts.ts';
import { Screen } from '../local/screen.ts';
import { createObserver } from '../local/observer.ts';
import type { RunAddresses } from '../local/observer.ts';
import { readSettings } from '../local/settings.ts';
import type { RunSettings } from '../local/settings.ts';
import { workerAccount } from '../cluster/worker-account.ts';
import { clusterTools, ensureTools } from '../toolchain/toolchain.ts';
import type { ToolName } from '../toolchain/toolchain.ts';

const stateDir = join(import.meta.dirname, '..', '..', '.temporal-arc');

/** Brings up everything that the environment does not name, and tells how to play with it. */
async function main(options: PartOptions): Promise<void> {
  const settings = readSettings(process.env);
  holdStateDir(options);
  const tools = await ensureTools(toolsFor(settings), { progress: options.log });
  const [temporal, cluster, github] = await Promise.all([
    givenTemporal(settings) ?? parts.ownTemporal(options),
    settings.kubeconfig ? parts.givenCluster(settings.kubeconfig, options) : parts.ownCluster(options),
    settings.github ? { ...settings.github, standInUrl: undefined } : parts.ownGitHub(options),
  ]);
  const { kubeconfig } = cluster;
  const standsIn = cluster.isFake && github.standInUrl !== undefined;
  const runnersUrl = standsIn ? await parts.ownRunners(kubeconfig, options) : undefined;
  // At a real GitHub, no scale set is made that nobody asked for.
  await applySamples(kubeconfig, github, github.standInUrl === undefined ? ['demo'] : ['demo', 'queue']);
  // Under a cluster that is somebody's own, the worker has the rights of who starts it.
  const own = cluster.isFake ? await workerAccount(kubeconfig, stateDir) : kubeconfig;
  const servers = { temporalAddress: temporal.address, kubeconfig: own };
  const workerLog = await parts.ownWorker(servers, options);
  options.log(
    instructions({
      kubeconfig,
      temporalAddress: temporal.address,
      temporalUiUrl: temporal.uiUrl,
      gitHubUrl: github.standInUrl,
      runnersUrl,
      kubectl: commandFor('kubectl', tools.kubectl),
      temporal: commandFor('temporal', tools.temporal),
      workerLog,
    }),
  );
  if (github.standInUrl !== undefined) await showTable(options, { gitHubUrl: github.standInUrl, kubeconfig });
}

const OBSERVE_MS = 1_000;

/** Keeps the table below everything else up to date. */
async function showTable({ onStarted }: PartOptions, addresses: RunAddresses): Promise<void> {
  const observer = await createObserver(addresses);
  const removeRunFile = writeRunFile(stateDir, addresses);
  // A server that does not answer may answer the next time.
  const observe = (): Promise<void> =>
    observer.observe().then(
      (observation) => screen.show(countScaleSets(observation)),
      () => undefined,
    );
  const timer = setInterval(() => void observe(), OBSERVE_MS);
  onStarted(() => {
    clearInterval(timer);
    removeRunFile();
    return observer.close();
  });
}

function toolsFor({ temporalAddress, kubeconfig }: RunSettings): ('kubectl' | ToolName)[] {
  const cluster: ('kubectl' | ToolName)[] = kubeconfig ? ['kubectl'] : [...clusterTools];
  return temporalAddress ? cluster : [...cluster, 'temporal'];
}

function givenTemporal({ temporalAddress }: RunSettings): { address: string; uiUrl: undefined } | undefined {
  return temporalAddress ? { address: temporalAddress, uiUrl: undefined } : undefined;
}

/** The path only where the name does not lead to it. @param path absent: of no concern here, the name has to do */
function commandFor(name: string, path: string | undefined): string {
  const inPath = path === undefined || (process.env['PATH'] ?? '').split(delimiter).includes(dirname(path));
  return inPath ? name : path;
}

function holdStateDir({ onStarted }: PartOptions): void {
  mkdirSync(stateDir, { recursive: true });
  const held = tryLock(join(stateDir, 'run.lock'));
  if (!held)
    throw new Error(`"make run" already runs here (${stateDir}). Stop it with Ctrl-C in its terminal.`);
  onStarted(() => {
    held.release();
    return Promise.resolve();
  });
  rmSync(join(stateDir, 'logs'), { recursive: true, force: true });
}

const screen = new Screen(process.stdout);

const stops: (() => Promise<unknown>)[] = [];

/** In the reverse order of the start; a part that fails to stop keeps no other from it. */
async function stopAll(): Promise<void> {
  for (let stop = stops.pop(); stop; stop = stops.pop()) await stop().catch(console.error);
}

let failing = false;

function fail(error: unknown): void {
  if (failing) return;
  failing = true;
  console.error(error instanceof Error ? error.message : error);
  void stopAll().finally(() => process.exit(1));
}

const options: PartOptions = {
  stateDir,
  log: (line) => screen.log(line),
  onFailure: fail,
  onStarted: (stop) => stops.push(stop),
};

onStopSignal(() => {
  console.log('\nStopping.');
  return stopAll();
});
await main(options).catch(fail);
