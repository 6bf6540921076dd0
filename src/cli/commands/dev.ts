import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { writeResult } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { CliError, usageError } from '../failure.ts';
import type { Run } from '../run.ts';
import type { StandIn, StandInOptions } from '../stand-in.ts';
import type { CommandContext } from '../surroundings.ts';

interface GitHubFlags {
  listen: string;
  port: number;
  publicHost?: string;
  token?: string[];
  style: 'github' | 'ghes';
  jitLatency: number;
  poll: number;
  tlsCert?: string;
  tlsKey?: string;
  startAt?: number;
  still?: true;
  calls?: true;
}

/** Things for those who try or develop; nothing of it runs in a cluster. */
export function devCommand(run: Run): Command {
  return new Command('dev')
    .summary('Stand-ins to try things with, on this machine.')
    .description('Starts parts of the world around runners on this machine, to try and to break things.')
    .addCommand(githubCommand(run));
}

function githubCommand(run: Run): Command {
  const command = new Command('github')
    .summary('Run a stand-in for GitHub.')
    .description(
      'Runs a stand-in for GitHub on this machine until it is told to stop: registration, scale sets, runners, message ' +
        'queue and jobs, as an Enterprise Server answers. Jobs are queued, faults set and the clock moved over HTTP.',
    )
    .option('--listen <address>', 'Address to listen on.', '127.0.0.1')
    .option('--port <n>', 'Port to listen on; 0: a free one.', readNumber(65_535), 8_234)
    .option('--public-host <name>', 'How others reach this machine, if not by the address.')
    .option('--token <token...>', 'Personal access tokens to accept. (default: ghp_standin)')
    .addOption(
      new Option('--style <style>', 'How jobs are handed out: as github.com does, or to be acquired.')
        .choices(['github', 'ghes'])
        .default('github'),
    )
    .option('--jit-latency <ms>', 'How long a JIT config takes.', readNumber(600_000), 0)
    .option('--poll <seconds>', 'How long a poll of the message queue is held.', readNumber(600), 50)
    .option('--tls-cert <file>', 'PEM certificate, to speak HTTPS.')
    .option('--tls-key <file>', 'Its key.')
    .option('--start-at <time>', 'Time to begin with, such as 2026-01-01T00:00:00Z.', readTime)
    .option('--still', 'Let the clock stand until it is moved.')
    .option('--calls', 'Tell each call on standard error.')
    .addHelpText('after', GITHUB_EXAMPLES);
  return command.action((flags: GitHubFlags) => run((context) => runGitHub(context, flags), command));
}

const GITHUB_EXAMPLES = `
Examples:
  temporal-arc dev github
  temporal-arc dev github --style ghes --still --start-at 2026-01-01T00:00:00Z

JSON: {url, githubConfigUrl, token, adminUrl}`;

const readNumber = (most: number) => (text: string) => {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= most) return value;
  throw new InvalidArgumentError(`Give a whole number from 0 to ${most}.`);
};

function readTime(text: string): number {
  const time = Date.parse(text);
  if (!Number.isNaN(time)) return time;
  throw new InvalidArgumentError('Give a time such as 2026-01-01T00:00:00Z.');
}

async function runGitHub(context: CommandContext, flags: GitHubFlags): Promise<void> {
  const { around } = context;
  const github = await started(context, flags);
  // Before anything is said: whoever reads it may stop us at once.
  const stopped = around.untilStopped();
  try {
    const { url, token } = github;
    const report = { url, githubConfigUrl: github.configUrl('org/repo'), token, adminUrl: `${url}/standin` };
    writeResult(context, report, instructions(report));
    await stopped;
  } finally {
    await github.stop();
  }
}

async function started({ around }: CommandContext, flags: GitHubFlags): Promise<StandIn> {
  const options = optionsFrom(flags, (line) => around.stderr.write(`${line}\n`));
  try {
    return await around.startStandIn(options);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw usageError(`--port: ${flags.port} is in use; choose another, or 0 for a free one.`);
    if (code === 'ERR_MODULE_NOT_FOUND')
      throw new CliError(EXIT.failed, 'The stand-in is not part of this installation.', error);
    throw error;
  }
}

const optionsFrom = (flags: GitHubFlags, write: (line: string) => void): StandInOptions => ({
  host: flags.listen,
  port: flags.port,
  publicHost: flags.publicHost ?? flags.listen,
  tokens: flags.token,
  style: flags.style,
  pollMs: flags.poll * 1_000,
  latency: { generatejitconfig: flags.jitLatency },
  tls: tlsFrom(flags),
  startAt: flags.startAt,
  isStill: flags.still,
  log: flags.calls ? write : undefined,
});

function tlsFrom({ tlsCert, tlsKey }: GitHubFlags): StandInOptions['tls'] {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined)
    throw usageError('--tls-cert and --tls-key belong together: give both.');
  return { cert: contentOf('--tls-cert', tlsCert), key: contentOf('--tls-key', tlsKey) };
}

function contentOf(flag: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw usageError(`${flag}: "${path}" cannot be read (${code}); name a PEM file.`);
  }
}

interface Report {
  url: string;
  githubConfigUrl: string;
  token: string;
  adminUrl: string;
}

const instructions = ({ url, githubConfigUrl, token, adminUrl }: Report): string => `\
A stand-in for GitHub runs at ${url}

  githubConfigUrl  ${githubConfigUrl} (or any other organization, repository or enterprise)
  github_token     ${token}
  administration   ${adminUrl}

In a second terminal:

  curl -s --json '{"name":"demo"}' ${adminUrl}/scale-sets
  curl -s --json '{"scaleSetId":1,"count":3,"durationMs":5000}' ${adminUrl}/jobs
  curl -s --json '{"match":"generatejitconfig","kind":"status","status":500,"times":3}' ${adminUrl}/faults
  curl -s ${adminUrl}/calls

Ctrl-C ends it.
`;
