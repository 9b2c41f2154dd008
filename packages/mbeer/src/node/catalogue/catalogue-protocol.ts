import type { PictureRequest, ProposalRequest } from './catalogue-work.js';
import type { Looks } from './propose-group.js';

/** What a thread of `catalogueWorkers` is asked for, one request at a time. */
export type CatalogueRequest =
  | { readonly propose: readonly ProposalRequest[] }
  | { readonly draw: readonly PictureRequest[] };

/** Its answer: proposals by request, that all pictures are written, or why one is not. */
export type CatalogueReply =
  | { readonly looks: readonly Looks[] }
  | { readonly drawn: number }
  | { readonly failed: string };
