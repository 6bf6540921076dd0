/** How the stand-in for GitHub is started; dev/github knows the meaning and default of each. */
export interface StandInOptions {
  host: string;
  port: number;
  publicHost?: string | undefined;
  /** Personal access tokens that it accepts. */
  tokens?: readonly string[] | undefined;
  style: 'github' | 'ghes';
  pollMs: number;
  latency: { generatejitconfig?: number };
  /** PEM. */
  tls?: { cert: string; key: string } | undefined;
  /** Milliseconds since the epoch. */
  startAt?: number | undefined;
  isStill?: boolean | undefined;
  log?: ((line: string) => void) | undefined;
}

/** A stand-in that runs. */
export interface StandIn {
  readonly url: string;
  readonly token: string;
  configUrl(path: string): string;
  stop(): Promise<void>;
}

/** Starts a stand-in for GitHub in this process. */
export type StartStandIn = (options: StandInOptions) => Promise<StandIn>;

/**
 * Loads the stand-in from where it lies beside this file: as source in a checkout, as JavaScript in what is built. It is
 * no part of the program, whose code never imports it.
 */
export async function loadStandIn(from: string = import.meta.url): Promise<StartStandIn> {
  const path = from.endsWith('.ts') ? '../../dev/github/stand-in.ts' : '../dev/github/stand-in.js';
  const { startGitHub } = (await import(new URL(path, from).href)) as { startGitHub: StartStandIn };
  return startGitHub;
}
