/** How deep values may nest: far beyond what any tool records, and far below what the stack holds. */
export const nestingMax = 256
