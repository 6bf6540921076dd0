import { drawFrom } from '../../../dev/fuzz/draw.ts';
import { drawAnyAnswer, drawHonestAnswer } from '../../../dev/fuzz/github-answers.ts';

const seeds = Array.from({ length: 1_000 }, (_, seed) => seed);
const honest = seeds.map((seed) => drawHonestAnswer(drawFrom(seed)));
const any = seeds.map((seed) => drawAnyAnswer(drawFrom(seed)));

const LIES = ['empty', 'members', 'missing', 'wrong-types', 'redirect-loop'];

it('is the same for the same seed', () => {
  expect(seeds.map((seed) => drawAnyAnswer(drawFrom(seed)))).toEqual(any);
});

it('never lies when it is to be honest: nothing is said to be done or gone that is not', () => {
  expect(honest.filter(({ kind }) => LIES.includes(kind))).toEqual([]);
  const done = honest.filter(({ kind, status = 500 }) => ['status', 'text'].includes(kind) && status < 400);
  expect(done).toEqual([]);
  const gone = honest.filter(({ status = 500 }) => status === 404 || status === 410);
  const sessions = ['refreshsession', 'getmessage', 'acquirejobs', 'deletemessage'];
  expect(gone.filter(({ match }) => !sessions.includes(match))).toEqual([]);
  expect(gone.length).toBeGreaterThan(0);
});

it('is anything else when it need not be', () => {
  for (const kind of LIES) expect(any.some((fault) => fault.kind === kind)).toBe(true);
  expect(any.some(({ kind, status }) => kind === 'status' && status === 204)).toBe(true);
});

it('is over soon, or hits few calls', () => {
  const isBounded = ({ times = Infinity, forMs = Infinity }): boolean => times <= 4 || forMs <= 4_000;
  expect([...honest, ...any].every(isBounded)).toBe(true);
});
