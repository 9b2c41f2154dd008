/** How forest plots look, beside `pageStyle`. */
export const forestStyle =
  '.forest td:last-child{padding:0}.plot-cell{min-width:16rem;width:40%}.plot-cell svg{display:block;width:100%;height:auto}\n';
