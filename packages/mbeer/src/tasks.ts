/** What of an item is embedded: its title, its picture, or both (of an item with one of the two: that one). */
export type Modality = 'text' | 'image' | 'fused';

/** A retrieval task is data: which representation of item 1 looks for which representation of item 2. */
export interface Task {
  /** Query side first, `t` text, `v` image, `vt` fused: `t->v`. */
  readonly name: string;
  readonly query: Modality;
  readonly candidate: Modality;
}

const letters = { text: 't', image: 'v', fused: 'vt' } as const;
const modalities = ['text', 'image', 'fused'] as const;

/** The nine tasks of M-BEER (section 4.1.2), query in {t, v, vt} times candidate in {t, v, vt}: `t->t`, `t->v`, `t->vt`, `v->t`, ... */
export const tasks: readonly Task[] = modalities.flatMap((query) =>
  modalities.map((candidate) => ({ name: `${letters[query]}->${letters[candidate]}`, query, candidate })),
);

/** The five of the nine with an image-only side (`t->v`, `v->t`, `v->v`, `v->vt`, `vt->v`); the other four are nearly saturated on real titles. */
export const imageSidedTasks: readonly Task[] = tasks.filter(
  ({ query, candidate }) => query === 'image' || candidate === 'image',
);
