import type { Point } from './canvas.js';
import type { Kind } from './kinds.js';
import { box, ellipse, smooth, symmetric } from './outlines.js';

const grown = ['Men', 'Women', 'Unisex'];

/** Kinds that are carried, or worn on feet, head or wrist. */
export const accessories: readonly Kind[] = [
  {
    name: 'Sneakers',
    words: ['Sneakers', 'Casual Shoes', 'Trainers'],
    audiences: ['Men', 'Women', 'Boys', 'Girls'],
    draw: ([ankle, toe, sole, laces]) => {
      const collar = 0.44 - 0.16 * ankle;
      const thick = 0.03 + 0.05 * sole;
      const upper: Point[] = [
        [0.12, 0.66],
        [0.11, 0.5],
        [0.14, collar],
        [0.24, collar + 0.04],
        [0.36, collar + 0.01],
        [0.48, 0.47],
        [0.68, 0.54],
        [0.84 + 0.05 * toe, 0.6 - 0.03 * toe],
        [0.89, 0.68],
      ];
      const lace = (x: number): Point[] => [
        [x, 0.43 + 0.3 * (x - 0.4)],
        [x + 0.025, 0.43 + 0.3 * (x - 0.4)],
        [x - 0.04, 0.56],
        [x - 0.065, 0.56],
      ];
      return {
        layers: [
          ['body', [smooth(upper)]],
          [
            'trim',
            [
              smooth([
                [0.11, 0.66],
                [0.12, 0.5],
                [0.2, 0.52],
                [0.24, 0.67],
              ]),
            ],
          ],
          ['light', laces < 0.6 ? [lace(0.45), lace(0.53), lace(0.61)] : []],
          ['light', [box(0.5, 0.68 + thick / 2, 0.4, thick / 2 + 0.01)]],
        ],
        emblem: [0.36, 0.6],
      };
    },
  },
  {
    name: 'Boots',
    words: ['Boots', 'Ankle Boots'],
    audiences: grown,
    draw: ([height, heel, toe, strap]) => {
      const shaft = 0.34 - 0.2 * height;
      const lift = 0.05 + 0.07 * heel;
      const upper: Point[] = [
        [0.28, shaft],
        [0.54, shaft],
        [0.54, 0.5],
        [0.66, 0.58],
        [0.84 + 0.05 * toe, 0.68],
        [0.84 + 0.05 * toe, 0.76],
        [0.26, 0.76],
      ];
      return {
        layers: [
          ['body', [upper]],
          ['dark', [box(0.55, 0.775, 0.3, 0.016), box(0.34, 0.78 + lift / 2, 0.075, lift / 2)]],
          ['trim', strap < 0.5 ? [box(0.41, 0.6, 0.14, 0.025)] : [box(0.41, shaft + 0.03, 0.13, 0.03)]],
        ],
        emblem: [0.42, 0.48],
      };
    },
  },
  {
    name: 'Heels',
    words: ['Heels', 'Pumps'],
    audiences: ['Women'],
    draw: ([height, toe, strap, block]) => {
      const back = 0.5 - 0.14 * height;
      const width = 0.02 + 0.06 * block;
      const upper: Point[] = [
        [0.16, back - 0.12],
        [0.27, back],
        [0.42, 0.58],
        [0.62, 0.6],
        [0.88 + 0.05 * toe, 0.73],
        [0.62, 0.76],
        [0.44, 0.74],
        [0.28, back + 0.16],
        [0.15, back + 0.08],
      ];
      return {
        layers: [
          [
            'trim',
            strap < 0.5
              ? [
                  smooth([
                    [0.15, back - 0.12],
                    [0.3, back - 0.2],
                    [0.4, back - 0.12],
                    [0.4, back - 0.06],
                    [0.3, back - 0.14],
                  ]),
                ]
              : [],
          ],
          ['body', [smooth(upper)]],
          [
            'dark',
            [
              [
                [0.16, back + 0.08],
                [0.2 + width, back + 0.1],
                [0.17 + width, 0.78],
                [0.17, 0.78],
              ],
            ],
          ],
        ],
        emblem: [0.66, 0.68],
      };
    },
  },
  {
    name: 'Handbag',
    words: ['Handbag', 'Tote Bag'],
    audiences: ['Women', 'Girls'],
    draw: ([height, flare, handle, flap]) => {
      const upper = 0.5 - 0.12 * height;
      const half = 0.24 + 0.06 * flare;
      return {
        layers: [
          [
            'trim',
            [ellipse(0.5, upper, 0.15, 0.14 + 0.14 * handle), ellipse(0.5, upper, 0.115, 0.105 + 0.14 * handle)],
          ],
          [
            'body',
            [
              symmetric([
                [half, upper],
                [half + 0.04 + 0.06 * flare, 0.84],
                [0, 0.86],
              ]),
            ],
          ],
          [
            'trim',
            flap < 0.5
              ? [
                  symmetric([
                    [half, upper],
                    [half - 0.02, upper + 0.14],
                    [0, upper + 0.2],
                  ]),
                ]
              : [box(0.5, upper + 0.03, half, 0.025)],
          ],
        ],
        emblem: [0.5, 0.7],
      };
    },
  },
  {
    name: 'Backpack',
    words: ['Backpack', 'Rucksack'],
    audiences: grown,
    draw: ([height, wide, pocket, round]) => {
      const half = 0.19 + 0.07 * wide;
      const upper = 0.26 - 0.1 * height;
      const size = 0.1 + 0.07 * pocket;
      return {
        layers: [
          ['dark', [ellipse(0.5, upper + 0.02, 0.07, 0.07), ellipse(0.5, upper + 0.02, 0.045, 0.045)]],
          ['dark', [box(0.5 - half - 0.03, 0.58, 0.03, 0.2), box(0.5 + half + 0.03, 0.58, 0.03, 0.2)]],
          [
            'body',
            [
              smooth(
                symmetric([
                  [half * (0.5 + 0.4 * round), upper],
                  [half, upper + 0.14],
                  [half + 0.02, 0.84],
                  [half - 0.03, 0.88],
                ]),
              ),
            ],
          ],
          ['trim', [box(0.5, 0.82 - size, half - 0.04, size)]],
          ['dark', [box(0.5, 0.84 - 2 * size, half - 0.04, 0.01)]],
        ],
        emblem: [0.5, upper + 0.16],
      };
    },
  },
  {
    name: 'Watch',
    words: ['Watch', 'Wrist Watch'],
    audiences: grown,
    draw: ([dial, strap, square, bezel]) => {
      const radius = 0.15 + 0.06 * dial;
      const half = 0.07 + 0.05 * strap;
      const face = (size: number) => (square < 0.3 ? box(0.5, 0.5, size * 0.9) : ellipse(0.5, 0.5, size));
      return {
        layers: [
          [
            'body',
            [
              symmetric([
                [half - 0.015, 0.06],
                [half + 0.02, 0.5],
                [half - 0.015, 0.94],
              ]),
            ],
          ],
          ['trim', [face(radius + 0.02 + 0.03 * bezel)]],
          ['light', [face(radius)]],
          [
            'dark',
            [box(0.5, 0.5 - radius * 0.3, 0.01, radius * 0.35), box(0.5 + radius * 0.25, 0.5, radius * 0.28, 0.01)],
          ],
        ],
        emblem: [0.5, 0.5 + radius * 0.5],
      };
    },
  },
  {
    name: 'Sunglasses',
    words: ['Sunglasses', 'Shades'],
    audiences: grown,
    draw: ([wide, height, square, bridge]) => {
      const w = 0.15 + 0.03 * wide;
      const h = 0.1 + 0.06 * height;
      const x = w + 0.02 + 0.03 * bridge;
      const lens = (side: number, grow: number) =>
        square < 0.5
          ? smooth(box(0.5 + side * x, 0.5, w + grow, h + grow), 4)
          : ellipse(0.5 + side * x, 0.5, w + grow, h + grow);
      return {
        layers: [
          ['body', [lens(-1, 0.03)]],
          ['body', [lens(1, 0.03)]],
          ['body', [box(0.5, 0.46, 0.06, 0.02)]],
          ['dark', [lens(-1, -0.01), lens(1, -0.01)]],
          ['trim', [box(0.5 - x - w - 0.02, 0.47, 0.03, 0.035), box(0.5 + x + w + 0.02, 0.47, 0.03, 0.035)]],
        ],
        emblem: [0.5 + x, 0.5 + h + 0.01],
      };
    },
  },
  {
    name: 'Cap',
    words: ['Cap', 'Baseball Cap'],
    audiences: ['Men', 'Women', 'Boys', 'Girls'],
    draw: ([height, visor, button, band]) => {
      const crown = 0.38 - 0.12 * height;
      return {
        layers: [
          [
            'trim',
            [
              smooth([
                [0.42, 0.6],
                [0.7, 0.6],
                [0.86 + 0.08 * visor, 0.7],
                [0.8, 0.75],
                [0.56, 0.68],
              ]),
            ],
          ],
          [
            'body',
            [
              smooth([
                [0.14, 0.62],
                [0.18, 0.46],
                [0.3, crown],
                [0.5, crown],
                [0.64, 0.46],
                [0.69, 0.62],
                [0.42, 0.66],
              ]),
            ],
          ],
          ['dark', button < 0.5 ? [box(0.4, crown - 0.03, 0.03, 0.012)] : []],
          ['trim', band < 0.5 ? [box(0.42, 0.61, 0.25, 0.022)] : []],
        ],
        emblem: [0.45, 0.5],
      };
    },
  },
];
