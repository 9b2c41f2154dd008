import { UniecsError } from '@uniecs/tensor';
import type { GatedFusion, GatedFusionOptions } from './gated-fusion.js';

/** Fills in the defaults and refuses what is out of range. */
export function checkOptions(given: Omit<GatedFusionOptions, 'random'>): GatedFusion['config'] {
  const options = {
    imageWidth: given.imageWidth,
    textWidth: given.textWidth,
    width: given.width ?? 256,
    heads: given.heads ?? 8,
    crossLayers: given.crossLayers ?? 3,
    selfBlocks: given.selfBlocks ?? 2,
    fusionBlocks: given.fusionBlocks ?? 3,
    ffnRatio: given.ffnRatio ?? 4,
    dropout: given.dropout ?? 0.1,
    norm: given.norm ?? 'post',
    indicator: given.indicator ?? 'own',
    gating: given.gating ?? true,
    gateBias: given.gateBias ?? 0,
    fusionInput: given.fusionInput ?? 'concat',
    residual: given.residual ?? 'none',
  } as const;
  const { width, heads } = options;
  for (const name of ['imageWidth', 'textWidth', 'width', 'heads'] as const) {
    demand(Number.isInteger(options[name]) && options[name] >= 1, name, 'a whole number of at least 1', options[name]);
  }
  for (const name of ['crossLayers', 'selfBlocks', 'fusionBlocks'] as const) {
    demand(Number.isInteger(options[name]) && options[name] >= 0, name, 'a whole number of at least 0', options[name]);
  }
  demand(width % heads === 0, 'heads', `a divisor of width ${width}`, heads);
  demand(options.ffnRatio > 0 && Number.isFinite(options.ffnRatio), 'ffnRatio', 'a number above 0', options.ffnRatio);
  demand(options.dropout >= 0 && options.dropout < 1, 'dropout', 'a rate from 0 to below 1', options.dropout);
  demand(Number.isFinite(options.gateBias), 'gateBias', 'a finite number', options.gateBias);
  oneOf('norm', options.norm, ['post', 'pre']);
  oneOf('indicator', options.indicator, ['own', 'other']);
  oneOf('fusionInput', options.fusionInput, ['concat', 'tokens']);
  oneOf('residual', options.residual, ['none', 'pooled', 'attended']);
  return options;
}

function oneOf(name: string, value: string, choices: readonly string[]): void {
  demand(choices.includes(value), name, choices.map((choice) => `'${choice}'`).join(' or '), `'${value}'`);
}

function demand(holds: boolean, name: string, range: string, got: number | string): void {
  if (holds) return;
  throw new UniecsError({
    code: 'argument',
    where: 'gatedFusion',
    expected: `${name} to be ${range}`,
    got: String(got),
    hint: `change the option ${name}`,
    details: { option: name },
  });
}
