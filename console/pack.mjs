// Compresses every file of a build with brotli and gzip at the highest level, next to the original:
// `node pack.mjs DIRECTORY`. Skips files that don't get smaller.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const PACKED = /\.(css|html|ico|js|json|mjs|svg|txt|wasm|webmanifest)$/
const SMALLEST = 512
const [directory] = process.argv.slice(2)

for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !PACKED.test(entry.name)) continue
  const path = join(entry.parentPath, entry.name)
  const bytes = readFileSync(path)
  if (bytes.length < SMALLEST) continue
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  }
  write(`${path}.br`, brotliCompressSync(bytes, { params }), bytes)
  write(`${path}.gz`, gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }), bytes)
}

function write(path, packed, bytes) {
  if (packed.length < bytes.length) writeFileSync(path, packed)
}
