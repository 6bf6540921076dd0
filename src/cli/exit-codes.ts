/** What the command answers to the shell, whatever it was asked. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notFound: 3, unreachable: 4 } as const;

/** One of the codes above. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The codes, as `--help` explains them. */
export const EXIT_CODES_HELP = `Exit codes:
  0  done
  1  it failed
  2  the command line or a setting is wrong
  3  what was named does not exist
  4  Kubernetes, Temporal or a worker cannot be reached`;
