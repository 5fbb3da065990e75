// Small PDF documents for tests, correct ones and such as are made to stop a reader.
import { deflateSync } from 'node:zlib'

type Parts = readonly (string | Buffer)[]

/** A document of these objects, numbered from 1, the first its catalogue. */
function pdfOfObjects(objects: readonly Parts[], trailer = ''): Buffer {
  const pieces: Buffer[] = [Buffer.from('%PDF-1.5\n')]
  let length = 9
  const push = (piece: string | Buffer) => {
    const bytes = Buffer.from(piece as string)
    pieces.push(bytes)
    length += bytes.length
  }
  const offsets = objects.map((parts, index) => {
    const at = length
    push(`${index + 1} 0 obj\n`)
    for (const part of parts) push(part)
    push('\nendobj\n')
    return at
  })
  const start = length
  const rows = offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('')
  push(`xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}`)
  push(`trailer<</Size ${objects.length + 1}/Root 1 0 R${trailer}>>\nstartxref\n${start}\n%%EOF`)
  return Buffer.concat(pieces)
}

const FONT = '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>'
const page = (contents: string, resources = '/Font<</F1 3 0 R>>') =>
  `<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<<${resources}>>/Contents ${contents}>>`
const stream = (bytes: string | Buffer, entries = ''): Parts => [
  `<</Length ${Buffer.byteLength(bytes)}${entries}>>stream\n`,
  bytes,
  '\nendstream',
]

/** A small correct document with one line a page. `extra` goes into the catalogue. */
export function pdfOf(lines: readonly string[], extra = ''): Buffer {
  const kids = lines.map((_, index) => `${4 + index * 2} 0 R`).join(' ')
  const pages = lines.flatMap((line, index) => [
    [page(`${5 + index * 2} 0 R`)],
    stream(`BT /F1 12 Tf 50 700 Td (${line}) Tj ET`),
  ])
  return pdfOfObjects([
    [`<</Type/Catalog/Pages 2 0 R${extra}>>`],
    [`<</Type/Pages/Kids[${kids}]/Count ${lines.length}>>`],
    [FONT],
    ...pages,
  ])
}

const CATALOG = ['<</Type/Catalog/Pages 2 0 R>>']
const ONE_PAGE = ['<</Type/Pages/Kids[4 0 R]/Count 1>>']
const onePage = (contents: Parts, more: readonly Parts[] = [], resources?: string, trailer = '') =>
  pdfOfObjects([CATALOG, ONE_PAGE, [FONT], [page('5 0 R', resources)], contents, ...more], trailer)

const SHOWN = 'BT /F1 12 Tf (x) Tj ET '
const FLATE = '/Filter/FlateDecode'

/** Each made anew: some are megabytes. */
export const HOSTILE_PDFS = {
  'a stream that unpacks to 400 MB': () => onePage(stream(deflateSync(Buffer.alloc(400_000_000, 32)), FLATE)),
  'a stream packed twice': () =>
    onePage(stream(deflateSync(deflateSync(Buffer.alloc(400_000_000, 32))), '/Filter[/FlateDecode/FlateDecode]')),
  'eight million words': () => onePage(stream(deflateSync(Buffer.from(SHOWN.repeat(8_000_000))), FLATE)),
  'a form that draws itself': () =>
    onePage(
      stream(`${SHOWN}/Fm Do`),
      [stream(`${SHOWN}/Fm Do /Fm Do`, FORM)],
      '/Font<</F1 3 0 R>>/XObject<</Fm 6 0 R>>',
    ),
  'forms that double at each of 30 levels': () =>
    onePage(
      stream('/Fm Do'),
      Array.from({ length: 30 }, (_, level) =>
        stream(
          '/Fm Do /Fm Do',
          `/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</Fm ${level + 7} 0 R>>>>`,
        ),
      ),
      '/XObject<</Fm 6 0 R>>',
    ),
  'a page tree that holds itself': () => pdfOfObjects([CATALOG, ['<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>>']]),
  'a thousand million pages': () => pdfOfObjects([CATALOG, ['<</Type/Pages/Kids[]/Count 1000000000>>']]),
  'a table of contents before itself': () => onePage(stream(SHOWN), [], undefined, '/Prev 0/XRefStm 9'),
  'a million nested arrays': () => onePage(stream(`${'['.repeat(1_000_000)} TJ`)),
  'a million nested dictionaries': () =>
    pdfOfObjects([[`<</Type/Catalog/Pages 2 0 R/A${'<</A'.repeat(1_000_000)}`], ONE_PAGE]),
  'a length that refers to itself': () =>
    pdfOfObjects([CATALOG, ONE_PAGE, [FONT], [page('5 0 R')], ['<</Length 5 0 R>>stream\nx\nendstream']]),
  'a map of all characters, many times': () =>
    onePage(
      stream('BT /F1 12 Tf (xxxx) Tj ET'),
      [
        ['<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 7 0 R>>'],
        stream(
          deflateSync(
            Buffer.from(`begincmap ${'1 beginbfrange <0000> <FFFFFFFF> <0041> endbfrange '.repeat(20_000)}endcmap`),
          ),
          FLATE,
        ),
      ],
      '/Font<</F1 6 0 R>>',
    ),
  'five megabytes of nothing': () => Buffer.concat([Buffer.from('%PDF-1.5\n'), Buffer.alloc(4_900_000, 48)]),
  'five megabytes of objects': () => Buffer.from(`%PDF-1.5\n${'1 0 obj<</A 1 0 R>>endobj '.repeat(180_000)}`),
} as const satisfies Record<string, () => Buffer>

const FORM = '/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</Font<</F1 3 0 R>>/XObject<</Fm 6 0 R>>>>'
