// The servers that a policy file has sections for.
export const SERVER_NAMES = ['db-query', 'file', 'fetch'] as const
