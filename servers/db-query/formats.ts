// The forms in which rows are given. Apart from row-format.ts, because the front needs the names and not the code.

export const FORMATS = ['json', 'csv', 'markdown'] as const
export type Format = (typeof FORMATS)[number]
