// Bundles the bridge with Baileys into one file that runs without npm.

import { readFileSync, renameSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = path => fileURLToPath(new URL(path, import.meta.url))

const product = process.argv[2] ?? here('../src/wagate/engine/baileys/bridge.mjs')
const unfinished = `${product}.${process.pid}.mjs`

/** For the wire log: Baileys hands its logger what it sends as a text from which the stanza can't be had again. */
const tellsStanzas = {
  name: 'tells stanzas',
  setup(building) {
    building.onLoad({ filter: /baileys[\\/]lib[\\/]Socket[\\/]socket\.js$/ }, ({ path }) => {
      const parts = readFileSync(path, 'utf8').split("{ xml: binaryNodeToString(frame), msg: 'xml send' }")
      if (parts.length !== 2) throw new Error('Baileys logs what it sends in another way: see build.mjs')
      return { contents: parts.join('{ sent: frame }') }
    })
  }
}

await build({
  entryPoints: [here('src/main.ts')],
  outfile: unfinished,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  legalComments: 'eof',
  minifyWhitespace: true,
  plugins: [tellsStanzas],
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

// A bridge that starts meanwhile finds the old one or the new one, never half of one.
renameSync(unfinished, product)
