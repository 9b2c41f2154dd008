import type { ArmOutcome, BeyondTextReport } from './beyond-text-report.js';

/** The measures of the tables. */
export const shownMeasures: readonly string[] = ['R@10', 'R@50', 'R@100', 'nDCG@10', 'nDCG@50', 'hit@1', 'hit@10'];
/** The measure of the tables by kind of query. */
export const kindMeasure = 'nDCG@10';

/** The report as Markdown: the arms on test, their differences from the baseline, by kind of query, on validation, and the runs. */
export function beyondTextTable(report: BeyondTextReport): string {
  const { warnings, bootstrap } = report;
  const percent = Math.round(bootstrap.confidence * 100);
  const resamples = bootstrap.resamples.toLocaleString('en-US');
  return [
    '# Beyond Text',
    ...warnings.map((warning) => `> ${warning}`),
    introduction(report),
    '## On test',
    measuresTable(report, 'test'),
    `## Difference from ${escaped(report.baseline)}, on test`,
    `Mean over the seeds that both have, and its ${percent} % interval by a paired bootstrap over queries (${resamples} resamples). The interval covers which queries were asked. It does not cover the seed of training: with several seeds the standard deviation of the difference over them stands behind ±.`,
    gapTable(report),
    `## By kind of query: ${kindMeasure} on test`,
    kindTable(report),
    '## On validation',
    measuresTable(report, 'validation'),
    '## Runs',
    runTable(report),
    '',
  ].join('\n\n');
}

/** What was trained and judged, in two sentences. */
function introduction({ recipe }: BeyondTextReport): string {
  const { data, totalSteps, settings, stepsPerEpoch } = recipe;
  const of = (split: 'train' | 'validation' | 'test') =>
    `${data[split].products.toLocaleString('en-US')} products and ${data[split].queries.toLocaleString('en-US')} queries`;
  return `Size ${settings.size}, ${totalSteps.toLocaleString('en-US')} steps of ${settings.batchSize} queries each run, both stages together (an epoch is ${stepsPerEpoch.toLocaleString('en-US')}). Trained on ${of('train')}, judged on ${of('test')}: a query asks for all products that it matches, among all products of its part. Chosen on ${of('validation')}. Mean over seeds, and with several ± the standard deviation over them. "after stage 1": the same runs before their second stage, title and image joined by the sum of their embeddings.`;
}

/** The measures of all arms on a part, with those after stage 1 of the arms that have one. */
function measuresTable({ arms }: BeyondTextReport, split: 'validation' | 'test'): string {
  const rows = arms.flatMap((arm) => {
    const own = shownMeasures.map((name) => valueText(arm, split, name));
    const after = arm.afterAlignment?.[split];
    const first = after && [`${escaped(arm.name)}, after stage 1`, ...shownMeasures.map((name) => shown(after[name]))];
    return [[escaped(arm.name), ...own], ...(first ? [first] : [])];
  });
  return lines(['arm', ...shownMeasures], rows);
}

/** The differences of all arms from the first. */
function gapTable({ arms, baseline }: BeyondTextReport): string {
  const rows = arms
    .filter(({ name }) => name !== baseline)
    .map(({ name, gap }) => [
      escaped(name),
      ...shownMeasures.map((measure) => {
        const cell = gap?.[measure];
        if (!cell) return '-';
        const text = `${signed(cell.difference)} [${signed(cell.low)}, ${signed(cell.high)}]`;
        return cell.deviation === null ? text : `${text} ± ${cell.deviation.toFixed(3)}`;
      }),
    ]);
  return lines(['arm', ...shownMeasures], rows);
}

/** One measure of all arms on test by kind of query. */
function kindTable({ arms, recipe }: BeyondTextReport): string {
  const kinds = recipe.data.test.kinds.filter(({ queries }) => queries > 0);
  const heads = kinds.map(({ kind, queries }) => `${kind} (${queries.toLocaleString('en-US')})`);
  const rows = arms.map(({ name, kinds: own }) => [
    escaped(name),
    ...kinds.map(({ kind }) => shown(own?.[kind]?.[kindMeasure])),
  ]);
  return lines(['arm', ...heads], rows);
}

function runTable({ arms }: BeyondTextReport): string {
  const rows = arms.flatMap(({ name, runs }) =>
    runs.map((run) => {
      if (run.status !== 'finished') return [escaped(name), `${run.seed}`, run.status, '-', '-', '-'];
      const seconds = run.stages.reduce((sum, stage) => sum + stage.seconds, 0);
      const steps = run.stages.map((stage) => `${stage.stage} ${stage.steps}`).join(', ');
      return [
        escaped(name),
        `${run.seed}`,
        run.status,
        steps,
        seconds.toFixed(0),
        run.parameters.toLocaleString('en-US'),
      ];
    }),
  );
  return lines(['arm', 'seed', 'status', 'steps', 'seconds of training', 'parameters'], rows);
}

/** A measure with its deviation over seeds, `0.412 ± 0.003`. */
function valueText({ mean, deviation }: ArmOutcome, split: 'validation' | 'test', name: string): string {
  const own = deviation?.[split][name];
  const text = shown(mean?.[split][name]);
  return typeof own === 'number' ? `${text} ± ${own.toFixed(3)}` : text;
}

function shown(value: number | null | undefined): string {
  return typeof value === 'number' ? value.toFixed(3) : '-';
}

/** `+0.012`, and `0.000` without a sign. */
export function signed(value: number): string {
  const text = value.toFixed(3);
  if (Number(text) === 0) return '0.000';
  return value > 0 ? `+${text}` : text;
}

function lines(head: readonly string[], body: readonly (readonly string[])[]): string {
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return [head, rule, ...body].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** A name in a cell of a table. */
function escaped(text: string): string {
  return text.replace(/[\\|<>*_`[\]]/g, '\\$&').replace(/\s+/g, ' ');
}
