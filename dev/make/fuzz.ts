import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startCluster } from '../cluster/cluster.ts';
import { runRound } from '../fuzz/round.ts';
import type { Step } from '../fuzz/schedule.ts';
import { scheduleOf, stepsFrom } from '../fuzz/schedule.ts';
import { onStopSignal } from '../processes.ts';
import { startTemporal } from '../temporal.ts';

const folder = join(import.meta.dirname, '..', '..', '.temporal-arc', 'fuzz');

/** How long the steps of one round take, in milliseconds. */
const ROUND_MS = 60_000;

/** What is asked for in the environment: SEED, MINUTES, or a file of STEPS. */
interface Wish {
  seed: number;
  untilMs: number;
  steps: Step[] | undefined;
}

function wishFrom({ SEED, MINUTES, STEPS }: NodeJS.ProcessEnv): Wish {
  const number = (name: string, text: string | undefined, otherwise: number): number => {
    const value = text === undefined || text === '' ? otherwise : Number(text);
    if (!(value >= 0)) throw new Error(`${name} is no number: ${text ?? ''}.`);
    return value;
  };
  return {
    seed: number('SEED', SEED, Math.floor(Math.random() * 1_000_000)),
    untilMs: Date.now() + number('MINUTES', MINUTES, 0) * 60_000,
    steps: STEPS ? stepsFrom(readFileSync(STEPS, 'utf8')) : undefined,
  };
}

const log = (line: string): void => console.log(line);

/** Runs one round, or rounds with one seed after the other until the time is over, and ends at the first finding. */
async function main(wish: Wish): Promise<void> {
  const [cluster, temporal] = await Promise.all([
    startCluster({ nodes: 4, log }),
    startTemporal({ storage: 'memory', log }),
  ]);
  const stop = async (): Promise<void> => {
    await Promise.all([cluster.stop(), temporal.stop()]);
  };
  onStopSignal(stop);
  const servers = { kubeconfig: cluster.kubeconfig, temporalAddress: temporal.address };
  try {
    for (let { seed } = wish; ; seed += 1) {
      const steps = wish.steps ?? scheduleOf(seed, ROUND_MS);
      if (await hasFinding(servers, steps, seed)) return;
      if (wish.steps || Date.now() > wish.untilMs) return;
    }
  } finally {
    await stop();
  }
}

async function hasFinding(
  servers: { kubeconfig: string; temporalAddress: string },
  steps: Step[],
  seed: number,
): Promise<boolean> {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `steps-${seed}.json`);
  writeFileSync(file, JSON.stringify(steps, null, 1));
  log(`SEED=${seed}: ${steps.length} steps, in ${file}`);
  const findings = await runRound({ servers, steps, folder: join(folder, `round-${seed}`), log });
  for (const { property, shown } of findings) {
    log(`BROKEN: ${property}`);
    for (const line of shown.slice(0, 20)) log(`  ${line}`);
  }
  if (findings.length === 0) log(`SEED=${seed}: no finding`);
  else {
    log(
      `Again: make fuzz STEPS=${file} (take steps out of it to see which it needs). Logs: ${join(folder, `round-${seed}`)}`,
    );
    process.exitCode = 1;
  }
  return findings.length > 0;
}

await main(wishFrom(process.env));
