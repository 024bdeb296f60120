import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of the checkout, or of the installed package. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** The published package carries `dist/` and no compiler settings; a checkout always has them. */
export const isCheckout = existsSync(join(root, 'tsconfig.json'))
