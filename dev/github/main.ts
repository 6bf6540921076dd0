import { Command, Option } from 'commander';
import { startGitHub } from './stand-in.ts';

interface Flags {
  host: string;
  port: string;
  publicHost?: string;
  token?: string[];
  style: 'github' | 'ghes';
  jitLatency: string;
  pollSeconds: string;
  log?: boolean;
}

/** Starts the stand-in alone, prints its URL, and runs until it is told to stop. */
async function main(): Promise<void> {
  const flags = new Command('github')
    .description(
      'A stand-in for GitHub: registration, scale sets, runners, message queue and jobs, for one machine.',
    )
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port to listen on; 0: a free one', '0')
    .option('--public-host <name>', 'how others reach this machine, if not by the address')
    .option('--token <token...>', 'personal access tokens to accept (default: ghp_standin)')
    .addOption(
      new Option('--style <style>', 'how jobs are handed out').choices(['github', 'ghes']).default('github'),
    )
    .option('--jit-latency <ms>', 'how long a JIT config takes', '0')
    .option('--poll-seconds <s>', 'how long a poll of the message queue is held', '50')
    .option('--log', 'print each call')
    .parse()
    .opts<Flags>();
  const github = await startGitHub({
    host: flags.host,
    port: Number(flags.port),
    publicHost: flags.publicHost ?? flags.host,
    style: flags.style,
    pollMs: Number(flags.pollSeconds) * 1_000,
    latency: { generatejitconfig: Number(flags.jitLatency) },
    log: flags.log ? (line) => process.stderr.write(`${line}\n`) : undefined,
  });
  if (flags.token) github.admin.setCredentials({ tokens: flags.token });
  process.stdout.write(`${github.url}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void github.stop());
}

await main();
