import { createHash } from 'node:crypto';
import { paperFusion, recommendedFusion } from '@uniecs/gated-fusion';
import { paperLossOptions, recommendedLossOptions } from '@uniecs/losses';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../files/canonical-json.js';
import { presetAugmentation } from './preset-augmentation.js';
import { presetRevisions } from './preset-revision.js';
import { presetWeighting, sizeDefaults, trainSettings } from './train-settings.js';

/** Everything that a preset stands for. */
function content(preset: 'paper' | 'recommended'): object {
  const settings = trainSettings({ preset });
  return {
    fusion: preset === 'paper' ? paperFusion : recommendedFusion,
    losses: preset === 'paper' ? paperLossOptions : recommendedLossOptions,
    weighting: presetWeighting(settings),
    augmentation: presetAugmentation(settings),
    initialization: settings.initialization,
    baselineDrops: trainSettings({ preset, model: 'clip-sf' }).drop,
    sizes: sizeDefaults,
  };
}

const digest = (value: object) => createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 16);

describe('presetRevisions', () => {
  // Where this fails, a preset has changed: raise its revision, then take the new digest. A setting that is only new, and off, raises nothing.
  it('are raised with every change of what a preset stands for', () => {
    expect({
      paper: [presetRevisions.paper, digest(content('paper'))],
      recommended: [presetRevisions.recommended, digest(content('recommended'))],
    }).toMatchInlineSnapshot(`
      {
        "paper": [
          1,
          "bb0b3d0c04f2f29d",
        ],
        "recommended": [
          2,
          "26d881d51ce985b0",
        ],
      }
    `);
  });

  it('would notice one changed option', () => {
    const before = content('recommended');
    expect(digest({ ...before, fusion: { ...recommendedFusion, gateBias: -3 } })).not.toBe(digest(before));
  });
});
