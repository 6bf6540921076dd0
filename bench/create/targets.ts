import type { CaseShape } from './create-ephemeral-runners.ts';
import type { FigureName, Figures } from './figures.ts';

/** A bound that a figure's median should keep. */
export interface Target {
  figure: FigureName;
  atMost: number;
}

/** A target, and whether the median keeps it. */
export interface Verdict extends Target {
  median: number;
  holds: boolean;
}

/** What we hold ourselves to, in each case: how close to the bare calls, and how much a runner may cost. */
export function targetsOf(shape: CaseShape): Target[] {
  const ratio = ratioOf(shape);
  return [
    ...(['createdRatio', 'runningRatio'] as const).flatMap((figure) =>
      ratio === undefined ? [] : [{ figure, atMost: ratio }],
    ),
    { figure: 'historyEvents', atMost: 10 },
    { figure: 'kubernetesRequests', atMost: 12 },
  ];
}

/** None where the bare calls take hardly longer than two of GitHub's answers: there the first reaction is all that counts. */
function ratioOf({ storage, runners, concurrency }: CaseShape): number | undefined {
  if (runners / concurrency < 5) return undefined;
  if (storage === 'file') return 1.6;
  return concurrency > 10 ? 1.4 : 1.3;
}

/** The targets of a case that were measured. */
export const verdictsOn = (shape: CaseShape, figures: Figures): Verdict[] =>
  targetsOf(shape).flatMap((target) => {
    const median = figures[target.figure]?.median;
    return median === undefined ? [] : [{ ...target, median, holds: median <= target.atMost }];
  });
