/**
 * What the weights of an epoch found on the validation pairs, and the weights of the loss terms then.
 * @typedef {{ epoch: number, step: number, mean: number, imageSided: number, lambdas: Record<string, number> }} CurvePoint
 */

/** Whether a task has a side that is an image alone. @param {string} task */
const imageSided = (task) => task.split('->').includes('v');

const digits = (/** @type {number} */ x) => Number(x.toPrecision(5));

/**
 * The curve of a run: a point for each validation.
 * @param {string} log the text of its `metrics.jsonl`
 * @returns {CurvePoint[]}
 */
export function cellCurve(log) {
  const lines = log.split('\n').flatMap((line) => (line.trim() === '' ? [] : [JSON.parse(line)]));
  const lambdas = new Map(lines.filter(({ type }) => type === 'step').map((line) => [line.step, line.lambdas]));
  return lines
    .filter(({ type }) => type === 'validation')
    .map(({ epoch, step, report }) => {
      const five = Object.entries(report.tasks).filter(([task]) => imageSided(task));
      const sum = five.reduce((total, [, recall]) => total + recall['R@10'], 0);
      const weights = Object.entries(lambdas.get(step) ?? {}).map(([term, value]) => [term, digits(value)]);
      return {
        ...{ epoch, step, mean: digits(report.mean['R@10']), imageSided: digits(sum / five.length) },
        lambdas: Object.fromEntries(weights),
      };
    });
}
