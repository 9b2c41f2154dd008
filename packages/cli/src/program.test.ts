import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { type Actions, createProgram } from './program.js';

/** What the command line makes of arguments: the action and its flags, or its complaint and help. */
async function parse(...argv: string[]) {
  const called: unknown[] = [];
  const collect =
    (name: string) =>
    async (...flags: unknown[]) =>
      void called.push(
        name,
        ...flags.slice(0, ['validateData', 'reportData', 'verifyData', 'reproduce'].includes(name) ? 2 : 1),
      );
  const names = [
    'train',
    'ablate',
    'beyondText',
    'reproduce',
    'evaluate',
    'evaluateRun',
    'evaluateStyles',
    'embed',
    'export',
    'buildIndex',
    'search',
    'generateData',
    'validateData',
    'reportData',
    'verifyData',
    'buildData',
    'shardData',
    'doctor',
  ];
  const actions = Object.fromEntries(names.map((name) => [name, collect(name)])) as unknown as Actions;
  let text = '';
  const write = (chunk: string) => {
    text += chunk;
  };
  const program = createProgram(actions, { writeOut: write, writeErr: write, helpWidth: 100 });
  const error = await program.parseAsync(argv, { from: 'user' }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error !== undefined && !(error instanceof CommanderError)) throw error;
  return { called, text, exit: error?.exitCode };
}

const train = ['train', '--train', 'a', '--val', 'b', '--out', 'c'];
const recipe = ['beyond-text', '--catalog', 'c', '--out', 'o'];
const search = ['search', '--model', 'm', '--index', 'i', '--text', 'red'];

it('reads the flags of train, with the defaults of the contract', async () => {
  const { called } = await parse(...train);
  expect(called).toEqual(['train', { train: 'a', val: 'b', out: 'c', logFormat: 'pretty' }]);
  const all = await parse(
    ...[...train, '--images', 'd', '--config', 'e', '--model', 'uniecs', '--size', 'small', '--preset', 'paper'],
    ...['--init', 'f', '--epochs', '2', '--batch-size', '8', '--micro-batch', '4', '--lr', '1e-4', '--seed', '0'],
    ...['--data-workers', '0', '--image-cache', 'off', '--recompute', '--precision', 'float16'],
    ...[
      '--freeze',
      'encoders,fusion.*.bias',
      '--drop',
      'CLAL,V2V',
      '--term',
      'g.js',
      '--device',
      'cpu',
      '--skip-bad',
      '--log-format',
      'jsonl',
    ],
  );
  expect(all.called[1]).toEqual({
    ...{ train: 'a', val: 'b', out: 'c', images: 'd', config: 'e', model: 'uniecs', size: 'small', preset: 'paper' },
    ...{ init: 'f', epochs: 2, batchSize: 8, microBatch: 4, lr: 1e-4, seed: 0, drop: ['CLAL', 'V2V'], term: 'g.js' },
    ...{
      dataWorkers: 0,
      imageCache: 'off',
      recompute: true,
      precision: 'float16',
      freeze: ['encoders', 'fusion.*.bias'],
      device: 'cpu',
      skipBad: true,
      logFormat: 'jsonl',
    },
  });
});

it('needs no data to resume a run', async () => {
  expect((await parse('train', '--out', 'c', '--resume')).called[1]).toMatchObject({ out: 'c', resume: true });
});

it('reads the flags of ablate, each --drop an arm', async () => {
  const ablate = ['ablate', '--train', 'a', '--val', 'b', '--out', 'c'];
  expect((await parse(...ablate)).called).toEqual(['ablate', { train: 'a', val: 'b', out: 'c', logFormat: 'pretty' }]);
  const all = await parse(
    ...[...ablate, '--test', 'd', '--config', 'e', '--grid', 'table4', '--drop', 'CMAL', '--drop', 'CLAL,V2V'],
    ...['--gating', 'on,off', '--fusion-input', 'tokens', '--norm', 'pre', '--weighting', 'uniform', '--beta', '0,.5'],
    ...['--cross', '--seeds', '7,8', '--epochs', '2', '--term', 'f.js', '--keep-checkpoints', '--log-format', 'jsonl'],
  );
  expect(all.called[1]).toEqual({
    ...{ train: 'a', val: 'b', out: 'c', test: 'd', config: 'e', grid: 'table4', drop: [['CMAL'], ['CLAL', 'V2V']] },
    ...{ gating: ['on', 'off'], fusionInput: ['tokens'], norm: ['pre'], weighting: ['uniform'], beta: [0, 0.5] },
    ...{ cross: true, seeds: [7, 8], epochs: 2, term: 'f.js', keepCheckpoints: true, logFormat: 'jsonl' },
  });
});

it('reads the flags of beyond-text', async () => {
  expect((await parse(...recipe)).called).toEqual(['beyondText', { catalog: 'c', out: 'o', logFormat: 'pretty' }]);
  const all = await parse(
    ...[...recipe, '--val', 'v', '--test', 't', '--images', 'i', '--image-cache', 'off', '--skip-bad'],
    ...['--fields', 'type=kind, colour=hue,usage=for', '--arms', 'full,text-only', '--seeds', '7,8', '--init', 'm'],
    ...['--size', 'small', '--preset', 'paper', '--steps', '300', '--alignment-share', '0.4', '--per-query', '2'],
    ...['--batch-size', '8', '--lr', '1e-4', '--data-workers', '0', '--device', 'cpu', '--log-format', 'jsonl'],
  );
  expect(all.called[1]).toEqual({
    ...{ catalog: 'c', out: 'o', val: 'v', test: 't', images: 'i', imageCache: 'off', skipBad: true, init: 'm' },
    ...{ fields: { type: 'kind', colour: 'hue', usage: 'for' }, arms: ['full', 'text-only'], seeds: [7, 8] },
    ...{ size: 'small', preset: 'paper', steps: 300, alignmentShare: 0.4, perQuery: 2, batchSize: 8, lr: 1e-4 },
    ...{ dataWorkers: 0, device: 'cpu', logFormat: 'jsonl' },
  });
});

it('reads the flags of reproduce, --model and --embeddings several times', async () => {
  const data = ['--train', 'a', '--val', 'b', '--test', 'c', '--out', 'd'];
  const files = { train: 'a', val: 'b', test: 'c', out: 'd', logFormat: 'pretty' };
  const flags = ['--seeds', '7,8', '--steps', '20', '--model', 'UniECS=m', '--model', 'CLIP_SF=n'];
  const embeddings = ['--embeddings', 'BLIP_SF=x.npy', '--embeddings', 'own=y.parquet', '--fuse', 'sum', '--normalize'];
  expect((await parse('reproduce', 'table1', ...data, ...flags, ...embeddings)).called).toEqual([
    'reproduce',
    'table1',
    {
      ...{ ...files, seeds: [7, 8], steps: 20, fuse: 'sum', normalize: true },
      model: [
        { name: 'UniECS', path: 'm' },
        { name: 'CLIP_SF', path: 'n' },
      ],
      embeddings: [
        { name: 'BLIP_SF', path: 'x.npy' },
        { name: 'own', path: 'y.parquet' },
      ],
    },
  ]);
  expect((await parse('reproduce', 'figure6', ...data, '--preset', 'paper', '--beta', '0,.5')).called[2]).toEqual({
    ...{ ...files, preset: 'paper', beta: [0, 0.5] },
  });
  const picture = ['--items', '50', '--perplexity', '5', '--iterations', '9', '--draw-seed', '0'];
  expect((await parse('reproduce', 'figure5', ...data, ...picture)).called[2]).toEqual({
    ...{ ...files, items: 50, perplexity: 5, iterations: 9, drawSeed: 0 },
  });
  expect((await parse('reproduce', 'figure4', ...data, '--tasks', 't->v,v->v', '--queries', '2')).called[2]).toEqual({
    ...{ ...files, tasks: ['t->v', 'v->v'], queries: 2 },
  });
  const catalogue = ['--test', 'c', '--catalog', 'e', '--category', 'kind', '--out', 'd'];
  expect((await parse('reproduce', 'figure3', ...catalogue)).called).toEqual([
    ...['reproduce', 'figure3'],
    { test: 'c', catalog: 'e', category: 'kind', out: 'd', logFormat: 'pretty' },
  ]);
  expect(
    (await parse('reproduce', 'table3', '--fashioniq', 'q', '--fashion200k-images', 'i', '--out', 'd')).called,
  ).toEqual(['reproduce', 'table3', { fashioniq: 'q', fashion200kImages: 'i', out: 'd', logFormat: 'pretty' }]);
  expect((await parse('reproduce', 'missing', ...data)).called).toEqual(['reproduce', 'missing', files]);
});

it('reads the flags of the other commands', async () => {
  expect(
    (await parse('eval', '--model', 'm', '--pairs', 'p', '--dataset', 'mbeer', '--pool', 'global')).called,
  ).toEqual(['evaluate', { model: 'm', pairs: 'p', dataset: 'mbeer', pool: 'global' }]);
  expect(
    (await parse('eval', '--embeddings', 'x.npy', '--pairs', 'p', '--fuse', 'sum', '--normalize')).called[1],
  ).toEqual({ embeddings: 'x.npy', pairs: 'p', fuse: 'sum', normalize: true });
  const styles = ['eval', '--model', 'm', '--items', 'i'];
  expect((await parse(...styles, '--style', 'kind,colour')).called).toEqual([
    'evaluateStyles',
    { model: 'm', items: 'i', style: ['kind', 'colour'] },
  ]);
  expect((await parse(...styles, '--style-pairs', 'p')).called[0]).toBe('evaluateStyles');
  expect((await parse('embed', '--model', 'm', '--items', 'i', '--out', 'x.parquet')).called[0]).toBe('embed');
  expect((await parse('index', '--model', 'm', '--items', 'i', '--store', 'exact', '--to', 'x')).called[1]).toEqual({
    ...{ model: 'm', items: 'i', store: 'exact', to: 'x' },
  });
  expect((await parse(...search, '--weight', 'image=1,text=2', '--where', 'a = 1', '--json')).called[1]).toEqual({
    ...{ model: 'm', index: 'i', text: 'red', weight: { image: 1, text: 2 }, where: 'a = 1', json: true, k: 10 },
  });
  expect((await parse('data', 'shard', '--pairs', 'p', '--out', 'x')).called).toEqual([
    'shardData',
    { pairs: 'p', out: 'x', perShard: 10_000 },
  ]);
  expect((await parse('data', 'generate', '--out', 'x')).called).toEqual([
    'generateData',
    { out: 'x', pairs: 600, seed: 7 },
  ]);
  expect((await parse('data', 'validate', 'f.jsonl', '--images', 'x')).called).toEqual([
    'validateData',
    'f.jsonl',
    { images: 'x' },
  ]);
  expect((await parse('doctor')).called[0]).toBe('doctor');
});

describe('refuses', () => {
  it.each([
    ['a device that there is not', [...train, '--device', 'webgp'], 'Did you mean webgpu?'],
    ['two towers, which another command trains', [...train, '--model', 'two-tower'], 'uniecs beyond-text does that'],
    ['a test file without one to validate', [...recipe, '--test', 't'], 'go together'],
    ['an arm that there is not', [...recipe, '--arms', 'full,text-onl'], 'Did you mean text-only?'],
    ['fields without all three', [...recipe, '--fields', 'type=kind'], 'Expected type=X,colour=Y,usage=Z'],
    ['a single step for two stages', [...recipe, '--steps', '1'], 'Expected a whole number from 2.'],
    ['an empty pattern', [...train, '--freeze', 'encoders,,fusion'], 'names with commas between'],
    [
      'neither a model nor embeddings',
      ['eval', '--pairs', 'p'],
      "'--model <dir>' or '--embeddings <file>' not specified",
    ],
    [
      'a model and embeddings',
      ['eval', '--model', 'm', '--embeddings', 'x.npy', '--pairs', 'p'],
      'cannot be used with',
    ],
    ['a device for embeddings', ['eval', '--embeddings', 'x.npy', '--pairs', 'p', '--device', 'cpu'], 'cannot be used'],
    [
      'a model to normalize',
      ['eval', '--model', 'm', '--pairs', 'p', '--normalize'],
      "'--normalize' is for --embeddings",
    ],
    ['a model to fuse', ['eval', '--model', 'm', '--pairs', 'p', '--fuse', 'sum'], "'--fuse' is for --embeddings"],
    ['another fusion', ['eval', '--embeddings', 'x.npy', '--pairs', 'p', '--fuse', 'mean'], 'Choose sum.'],
    ['embeddings as text', ['eval', '--embeddings', 'x.csv', '--pairs', 'p'], '.parquet or .safetensors or .npy'],
    ['a data set', ['eval', '--model', 'm', '--pairs', 'p', '--dataset', 'fashionik'], 'Did you mean fashioniq?'],
    [
      'columns of a data set',
      ['eval', '--model', 'm', '--pairs', 'p', '--dataset', 'fashioniq', '--columns', 'tag=x'],
      "'--columns' is for pair files",
    ],
    ['a pool', ['eval', '--model', 'm', '--pairs', 'p', '--pool', 'all'], 'Choose global or modality or mixed.'],
    ['a seed of no draw', ['eval', '--model', 'm', '--pairs', 'p', '--seed', '3'], "'--seed' is for --pool mixed"],
    [
      'runs of another pool',
      ['eval', '--model', 'm', '--pairs', 'p', '--pool', 'mixed', '--run-out', 'd'],
      "'--run-out' is for --pool global",
    ],
    [
      'a pool of a benchmark',
      ['eval', '--model', 'm', '--pairs', 'p', '--dataset', 'fashioniq', '--pool', 'mixed'],
      "'--pool' is for pair files",
    ],
    ['shards of nothing', ['data', 'shard', '--out', 'x'], 'give one of the options'],
    ['shards of both', ['data', 'shard', '--out', 'x', '--pairs', 'p', '--items', 'i'], 'give one of the options'],
    ['a style of pairs', ['eval', '--model', 'm', '--pairs', 'p', '--style', 'kind'], 'are for --items'],
    ['items without a style', ['eval', '--model', 'm', '--items', 'i'], 'one of --style and --style-pairs'],
    [
      'items and pairs',
      ['eval', '--model', 'm', '--items', 'i', '--style', 'kind', '--pairs', 'p'],
      "'--items' does not go with pairs",
    ],
    ['a run without judgements', ['eval', '--run', 'r'], "'--qrels <file>' not specified"],
    ['judgements without a run', ['eval', '--qrels', 'q'], "'--run <file>' not specified"],
    ['a run and a model', ['eval', '--run', 'r', '--qrels', 'q', '--model', 'm'], 'not model'],
    [
      'a store',
      ['index', '--model', 'm', '--items', 'i', '--to', 'x', '--store', 'milvus'],
      'This version has only exact and lancedb.',
    ],
    ['an unknown option', [...train, '--epoch', '3'], 'Did you mean --epochs?'],
    ['an unknown command', ['serach'], 'Did you mean search?'],
    ['a command of a later version', ['serve'], "unknown command 'serve'"],
    ['an unknown command of data', ['data', 'generat'], 'Did you mean generate?'],
    ['a reproduction that there is not', ['reproduce', 'table9'], "unknown command 'table9'"],
    ['a model without a name', ['reproduce', 'table1', '--out', 'x', '--model', 'runs/a'], 'Expected NAME=PATH.'],
    ['a preset for Table 1', ['reproduce', 'table1', '--out', 'x', '--preset', 'paper'], "unknown option '--preset'"],
    ['a size that there is not', [...train, '--size', 'tinny'], 'Did you mean tiny?'],
    ['what is no number', [...train, '--epochs', 'many'], 'Expected a whole number from 1.'],
    ['epochs and steps', [...train, '--epochs', '1', '--steps', '1'], 'cannot be used with option'],
    ['init and resume', [...train, '--init', 'x', '--resume'], 'cannot be used with option'],
    ['like and text', [...search, '--like', '1'], 'cannot be used with option'],
    ['blank text', ['search', '--model', 'm', '--index', 'i', '--text', ' '], 'Expected some text.'],
    ['a missing option', ['train', '--train', 'a', '--out', 'c'], "required option '--val <file>' not specified"],
    ['a missing value', [...train, '--lr'], "option '--lr <x>' argument missing"],
    ['an argument too many', [...train, 'x'], 'too many arguments'],
    [
      'embeddings of another format',
      ['embed', '--model', 'm', '--items', 'i', '--out', 'x.npy'],
      '.parquet or .safetensors',
    ],
  ])('%s', async (_, argv, complaint) => {
    const { called, text, exit } = await parse(...argv);
    expect(text).toContain(complaint);
    expect(exit).toBe(1);
    expect(called).toEqual([]);
  });
});

it('help has examples, and no option that this version lacks', async () => {
  const { text, exit } = await parse('train', '--help');
  expect(exit).toBe(0);
  expect(text).toContain('Examples:\n  uniecs train --train train.jsonl');
  expect(text).not.toContain('two-tower');
});

/** The help of a command and of those in it, as Markdown. */
function reference(command: Command, parents: readonly string[] = []): string[] {
  const path = [...parents, command.name()];
  let help = '';
  command
    .configureOutput({
      writeOut: (text) => {
        help += text;
      },
    })
    .outputHelp();
  const own = `### ${path.join(' ')}\n\n\`\`\`text\n${help.trim()}\n\`\`\`\n`;
  return [own, ...command.commands.flatMap((child) => reference(child, path))];
}

it('the README holds the command reference: vitest -u writes it', async () => {
  const path = join(import.meta.dirname, '..', 'README.md');
  const readme = await readFile(path, 'utf8');
  const [before, after] = readme.split(/<!-- commands -->.*<!-- end of commands -->/s);
  const silent = { writeOut: () => {}, writeErr: () => {}, helpWidth: 110 };
  const block = `<!-- commands -->\n\n${reference(createProgram({} as Actions, silent)).join('\n')}\n<!-- end of commands -->`;
  await expect(`${before}${block}${after}`).toMatchFileSnapshot(path);
});
