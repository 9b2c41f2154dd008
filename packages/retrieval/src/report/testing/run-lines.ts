import { tasks } from '@uniecs/mbeer';
import { seededRandom } from '@uniecs/tensor';

/** The lines of an invented run, as `metrics.jsonl` has them, with a validation every so many steps and after the last. */
export function* runLines(steps: number, validateEvery: number, names = ['V2T', 'PLC']): Generator<object> {
  const random = seededRandom(3);
  let best = 0;
  for (let step = 1; step <= steps; step++) {
    const done = step / steps;
    const byName = (of: (i: number) => number) => Object.fromEntries(names.map((name, i) => [name, of(i)]));
    yield {
      type: 'step',
      step,
      epoch: Math.ceil(done * 4),
      totalSteps: steps,
      loss: 9 * Math.exp(-3 * done) + random.uniform(),
      terms: byName((i) => i + random.uniform()),
      lambdas: byName((i) => 1 + i * done),
      gradNorms: byName(() => random.uniform() + 0.01),
      ...(step % 3 === 0 ? { maskedNegatives: { [names[0] as string]: 2 } } : {}),
      entropy: 0.69 * random.uniform(),
      learningRate: 1e-3 * (1 - done),
      pairsPerSecond: 80 + random.uniform(),
      dataWait: 0.01 * random.uniform(),
      rssBytes: 1e9,
      secondsLeft: 5,
    };
    if (step % validateEvery !== 0 && step !== steps) continue;
    const recalls = () => ({ 'R@1': random.uniform(), 'R@5': random.uniform(), 'R@10': random.uniform() });
    const byTask = tasks.map(({ name }) => [name, { ...recalls(), queries: 20, candidates: 21 }]);
    const mean = recalls();
    const isBest = mean['R@10'] > best;
    best = Math.max(best, mean['R@10']);
    const report = { version: 1, pairs: 20, tasks: Object.fromEntries(byTask), mean };
    yield { type: 'validation', step, epoch: Math.ceil(done * 4), report, isBest, seconds: 1.5 };
  }
}
