import { expect, it } from 'vitest';
import { ROOT } from '../setup.mjs';
import { readOptions, UsageError } from './options.mjs';

it('has a default for everything', () => {
  expect(readOptions([])).toEqual({
    only: ['products', 'step', 'encode'],
    sizes: ['tiny'],
    preset: 'recommended',
    rounds: 9,
    compile: true,
    fullPasses: false,
    publish: false,
    help: false,
    python: 'python3',
    device: 'cpu',
    tfjs: ROOT,
  });
});

it('reads lists, numbers and flags', () => {
  const args = '--only step --sizes tiny,small --pairs 24 --micro 8 --python none --no-compile --json a.json'.split(
    ' ',
  );
  const options = readOptions(args);
  expect(options).toMatchObject({ only: ['step'], sizes: ['tiny', 'small'], pairs: 24, micro: 8, compile: false });
  expect(options).toMatchObject({ json: 'a.json' });
  expect(options).not.toHaveProperty('python');
});

it.each([
  ['--pairs 0', 'expected --pairs to be a whole number from 1, got 0'],
  ['--rounds 1.5', 'expected --rounds to be a whole number from 1, got 1.5'],
  ['--sizes huge', 'expected --sizes of tiny, small, base, got huge'],
  ['--only steps', 'expected --only of products, step, encode, profile, growth, tfjs, got steps'],
  ['--preset best', 'expected --preset of recommended, paper, got best'],
  ['--pairs 8 --micro 9', 'expected --micro of at most 8 (--pairs), got 9'],
  ['--device tpu', 'expected --device of cpu, webgpu, cuda, got tpu'],
  ['--device webgpu --only step,growth', 'expected --device cpu with growth, got webgpu'],
  ['--device webgpu --publish', 'expected --device cpu with --publish, got webgpu'],
  ['--fast', "Unknown option '--fast'"],
  ['steps', "Unexpected argument 'steps'"],
])('refuses %s by name', (args, message) => {
  expect(() => readOptions(args.split(' '))).toThrow(UsageError);
  expect(() => readOptions(args.split(' '))).toThrow(message);
});
