// Bundles the bridge with Baileys into one file that runs without npm.

import { build } from 'esbuild'
import { fileURLToPath } from 'node:url'

const here = path => fileURLToPath(new URL(path, import.meta.url))

await build({
  entryPoints: [here('src/main.ts')],
  outfile: process.argv[2] ?? here('../src/wagate/engine/baileys/bridge.mjs'),
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  legalComments: 'eof',
  minifyWhitespace: true,
  // Optional parts of Baileys that this program never reaches: it builds no thumbnails and no link previews.
  external: ['sharp', 'jimp', 'link-preview-js', 'audio-decode'],
  banner: {
    js: [
      "import { createRequire as wagateRequire } from 'node:module'",
      "import { fileURLToPath as wagatePath } from 'node:url'",
      'const require = wagateRequire(import.meta.url)',
      'const __filename = wagatePath(import.meta.url)',
      "const __dirname = wagatePath(new URL('.', import.meta.url))"
    ].join('\n')
  },
  logLevel: 'warning'
})
