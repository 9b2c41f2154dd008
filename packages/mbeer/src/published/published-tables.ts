import data from './published-tables.json';

/** Recall at 1, 5 and 10, in [0, 1], as printed (two decimals); `null` where the text that we have of the paper garbles the cell. */
export type PublishedRecall = readonly (number | null)[];

/** By task (`t->v`), then by method or arm. */
export type PublishedTasks = Readonly<Record<string, Readonly<Record<string, PublishedRecall>>>>;

/** What is to be known of some cells. */
export interface PublishedNote {
  /** `table1.mbeer`, `table1.esspr` or `figure6`. */
  readonly table: string;
  /** `null` where it is about the whole table or figure. */
  readonly task: string | null;
  readonly method: string | null;
  /** The cells that are `null` for this reason, `R@5`; none where it only says how a row was read. */
  readonly missing: readonly string[];
  readonly note: string;
}

/** The figures that the paper prints. */
export interface PublishedTables {
  readonly paper: string;
  /** The columns of every row. */
  readonly metrics: readonly string[];
  /** The eight methods in the order of Table 1: venue as printed (`null`: a dash), embedding width D, size in parameters. */
  readonly methods: Readonly<
    Record<string, { readonly venue: string | null; readonly dimension: number; readonly size: string }>
  >;
  /** Nine tasks by eight methods: M-BEER after training, eSSPR zero-shot. */
  readonly table1: Readonly<Record<'mbeer' | 'esspr', PublishedTasks>>;
  /** Fashion200K (t->v, v->t) and FashionIQ (vt->v) by eight methods. */
  readonly table3: Readonly<Record<'fashion200k' | 'fashioniq', PublishedTasks>>;
  /** Nine tasks of M-BEER by arm: `UniECS`, `w/o CMAL`, `w/o CLAL`, `w/o IMCL`, `w/o gating`. */
  readonly table4: PublishedTasks;
  /** The sweep of beta; `null`: a chart of which no number is known. */
  readonly figure6: null;
  /** Every cell that is `null`, and every row whose reading is not plain, with the reason. */
  readonly notes: readonly PublishedNote[];
}

/**
 * Tables 1, 3 and 4 of the paper, cell by cell, to set measured figures beside. They were measured by its authors on data that are not
 * public; nothing here was measured by this project.
 */
export const publishedTables: PublishedTables = data;
