/** How a field is compared with a value. `==` is read as `=`, `<>` as `!=`. */
export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** A value that stands in a filter. */
export type Literal = string | number | boolean;

/** A name and where it stands in the expression (UTF-16 offset). */
export interface FieldReference {
  readonly name: string;
  readonly at: number;
}

/** A value and where it stands. */
export interface Operand {
  readonly value: Literal;
  readonly at: number;
}

/** A parsed filter. */
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly conditions: readonly Condition[] }
  | { readonly kind: 'not'; readonly condition: Condition }
  | {
      readonly kind: 'compare';
      readonly field: FieldReference;
      readonly comparison: Comparison;
      readonly operand: Operand;
    }
  | { readonly kind: 'in'; readonly field: FieldReference; readonly operands: readonly Operand[] }
  | { readonly kind: 'null'; readonly field: FieldReference };
