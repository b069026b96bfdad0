/**
 * Deliberate defects that the simulation must catch. Each is an edit of one production module, made while it is loaded:
 * `find` must occur exactly once, so that a mutant cannot rot unnoticed.
 */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export const MUTANTS: readonly Mutant[] = [];
