/** A line without its end, or why it cannot be read. Numbered from 1; lines of white space alone are left out. */
export type Line =
  | { readonly line: number; readonly text: string }
  | { readonly line: number; readonly reason: string };
