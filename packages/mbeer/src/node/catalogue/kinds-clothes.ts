import type { Outline, Point } from './canvas.js';
import type { Drawing, Kind } from './kinds.js';
import { box, ellipse, smooth, symmetric } from './outlines.js';

const everyone = ['Men', 'Women', 'Boys', 'Girls'];

/** Torso and sleeves: neck width, shoulder, sleeve end and hem in distances from the middle. */
function top(options: {
  neck: number;
  drop: number;
  sleeve: number;
  wide: number;
  hem: number;
  bottom: number;
}): Point[] {
  const { neck, drop, sleeve, wide, hem, bottom } = options;
  const reach = 0.2 + 0.15 * sleeve + 0.5 * wide;
  const low = 0.3 + 0.42 * sleeve;
  return symmetric([
    [0, 0.16 + drop],
    [neck, 0.14],
    [0.22 + wide, 0.19],
    [reach + 0.07, low - 0.03],
    [reach - 0.04, low + 0.02],
    [0.19 + wide, 0.36],
    [hem, bottom],
  ]);
}

function collar(neck: number, drop: number): Outline {
  return [
    symmetric([
      [0, 0.17 + drop],
      [neck, 0.14],
      [neck + 0.03, 0.16],
      [0, 0.21 + drop],
    ]),
  ];
}

function trousers(length: number, wide: number, flare: number, waist: number): Drawing {
  const hip = 0.17 + 0.05 * wide;
  const inner = 0.025;
  const outer = 0.12 + 0.08 * wide + 0.09 * flare;
  const legs = symmetric([
    [0, 0.1],
    [0.14 + 0.03 * waist, 0.1],
    [hip, 0.3],
    [outer, length],
    [inner, length],
    [0, 0.36],
  ]);
  return {
    layers: [
      ['body', [legs]],
      ['trim', [box(0.5, 0.12, 0.14 + 0.03 * waist, 0.02)]],
      ['dark', [box(0.5, 0.22, 0.006, 0.09)]],
    ],
    emblem: [0.58, 0.2],
  };
}

/** Kinds that are worn on the body. */
export const clothes: readonly Kind[] = [
  {
    name: 'T-shirt',
    words: ['T-shirt', 'Tshirt', 'Tee'],
    audiences: everyone,
    draw: ([length, sleeve, wide, neck]) => {
      const drop = neck < 0.5 ? 0.03 : 0.13;
      const shape = {
        neck: 0.08,
        drop,
        sleeve: 0.25 * sleeve,
        wide: 0.05 * wide,
        hem: 0.18 + 0.06 * wide,
        bottom: 0.7 + 0.2 * length,
      };
      return {
        layers: [
          ['body', [top(shape)]],
          ['trim', collar(0.08, drop)],
        ],
        emblem: [0.6, 0.36],
      };
    },
  },
  {
    name: 'Shirt',
    words: ['Shirt', 'Button Shirt'],
    audiences: everyone,
    draw: ([length, sleeve, wide, pocket]) => {
      const bottom = 0.78 + 0.12 * length;
      const shape = {
        neck: 0.09,
        drop: 0.1,
        sleeve: 0.55 + 0.45 * sleeve,
        wide: 0.05 * wide,
        hem: 0.18 + 0.05 * wide,
        bottom,
      };
      const flap: Point[] = [
        [0.5, 0.28],
        [0.4, 0.12],
        [0.47, 0.13],
        [0.5, 0.2],
        [0.53, 0.13],
        [0.6, 0.12],
      ];
      return {
        layers: [
          ['body', [top(shape)]],
          ['trim', [flap]],
          ['dark', [box(0.5, (0.28 + bottom) / 2, 0.006, (bottom - 0.28) / 2)]],
          ['trim', pocket < 0.5 ? [box(0.4, 0.4, 0.045, 0.05)] : []],
        ],
        emblem: [0.6, 0.38],
      };
    },
  },
  {
    name: 'Jacket',
    words: ['Jacket', 'Hooded Jacket'],
    audiences: everyone,
    draw: ([length, hood, wide, pocket]) => {
      const bottom = 0.72 + 0.16 * length;
      const shape = { neck: 0.11, drop: 0.02, sleeve: 1, wide: 0.03 + 0.05 * wide, hem: 0.22 + 0.05 * wide, bottom };
      return {
        layers: [
          ['trim', [ellipse(0.5, 0.16, 0.12, 0.06 + 0.07 * hood)]],
          ['body', [top(shape)]],
          ['light', [box(0.5, (0.16 + bottom) / 2, 0.012, (bottom - 0.16) / 2)]],
          ['trim', [box(0.5, bottom - 0.02, 0.22 + 0.05 * wide, 0.02)]],
          ['dark', pocket < 0.5 ? [box(0.39, 0.6, 0.05, 0.008), box(0.61, 0.6, 0.05, 0.008)] : []],
        ],
        emblem: [0.6, 0.38],
      };
    },
  },
  {
    name: 'Dress',
    words: ['Dress', 'Frock'],
    audiences: ['Women', 'Girls'],
    draw: ([length, flare, sleeve, waist]) => {
      const belt = 0.38 + 0.1 * waist;
      const shape = symmetric([
        [0, 0.2],
        [0.05, 0.1],
        [0.1, 0.1],
        ...(sleeve < 0.5
          ? []
          : ([
              [0.24, 0.24],
              [0.19, 0.29],
            ] as const)),
        [0.13, 0.24],
        [0.11, belt],
        [0.17 + 0.2 * flare, 0.66 + 0.27 * length],
        [0, 0.69 + 0.27 * length],
      ]);
      return {
        layers: [
          ['body', [shape]],
          ['trim', [box(0.5, belt, 0.115, 0.018)]],
        ],
        emblem: [0.56, 0.28],
      };
    },
  },
  {
    name: 'Skirt',
    words: ['Skirt', 'Wrap Skirt'],
    audiences: ['Women', 'Girls'],
    draw: ([length, flare, pleats, waist]) => {
      const bottom = 0.55 + 0.35 * length;
      const hem = 0.2 + 0.2 * flare;
      const half = 0.13 + 0.03 * waist;
      const fold = (side: number): Point[] => [
        [0.5 + side * 0.05, 0.24],
        [0.5 + side * hem * 0.5, bottom],
        [0.5 + side * (hem * 0.5 + 0.02), bottom],
      ];
      return {
        layers: [
          [
            'body',
            [
              symmetric([
                [0, 0.16],
                [half, 0.16],
                [hem, bottom],
                [0, bottom + 0.03],
              ]),
            ],
          ],
          ['trim', [box(0.5, 0.18, half, 0.025)]],
          ['dark', pleats < 0.5 ? [fold(1), fold(-1)] : []],
        ],
        emblem: [0.57, 0.28],
      };
    },
  },
  {
    name: 'Trousers',
    words: ['Trousers', 'Pants'],
    audiences: everyone,
    draw: ([length, wide, flare, waist]) => trousers(0.82 + 0.12 * length, wide, flare, waist),
  },
  {
    name: 'Shorts',
    words: ['Shorts', 'Short Pants'],
    audiences: everyone,
    draw: ([length, wide, flare, waist]) => trousers(0.48 + 0.16 * length, 0.4 + 0.6 * wide, 0.4 + 0.6 * flare, waist),
  },
  {
    name: 'Tie',
    words: ['Tie', 'Necktie'],
    audiences: ['Men', 'Boys'],
    draw: ([length, wide, knot, tip]) => {
      const half = 0.07 + 0.07 * wide;
      const end = 0.7 + 0.2 * length;
      return {
        layers: [
          [
            'body',
            [
              symmetric([
                [0, 0.2],
                [0.035, 0.2],
                [half, end - 0.1 + 0.06 * tip],
                [0, end],
              ]),
            ],
          ],
          [
            'trim',
            [
              smooth(
                symmetric([
                  [0.05 + 0.03 * knot, 0.1],
                  [0.03, 0.21],
                ]),
              ),
            ],
          ],
        ],
        emblem: [0.5, 0.62],
      };
    },
  },
];
