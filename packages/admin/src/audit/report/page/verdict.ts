// What verification says, first on the page: the verdict in words, why, and how far each trail is proved.
import type { DirectoryVerdict } from '@hardened-mcp/host/admin'
import { html, type Markup, shown } from './html.ts'
import { table } from './table.ts'
import { number } from './words.ts'

type Slot = DirectoryVerdict['slots'][number]

/** By exit code: the class of the banner, the verdict, and what it means. */
const VERDICTS = [
  ['pass', 'pass', 'Every record is as it was written, and each trail is proved up to a record near its end.'],
  [
    'fail',
    'fail',
    'A trail was altered, cut, exchanged or removed. Figures are of the records before the fault alone; the last of them may be the altered one.',
  ],
  ['error', 'error', 'A trail or a key could not be read: nothing is known about it.'],
  [
    'open',
    'not established',
    'Every record that is here holds. Nothing proves where a trail ends: later records may have been cut off.',
  ],
] as const

export function verdictSection(verdict: DirectoryVerdict, anchored: boolean): Markup {
  const [look, name, meaning] = VERDICTS[verdict.exitCode]
  const reasons = verdict.slots.flatMap((slot) => reasonOf(slot, anchored))
  return html`<section id="verification" aria-labelledby="verification-h">
<div class="verdict ${look}"><h2 id="verification-h">Verification: ${name}</h2><p>${meaning}</p>
${reasons.length === 0 ? '' : html`<ul>${reasons}</ul>`}</div>
<p class="quiet">${anchored ? ANCHORED : UNANCHORED}</p>
<details><summary>Each trail</summary>${trails(verdict.slots)}</details></section>`
}

const UNANCHORED =
  'No anchor was given. What was cut off or changed behind the last checkpoint, or made anew with stolen keys, does not show without one: audit report --anchors FILE.'
const ANCHORED =
  'Judged against the anchors that were given. Records behind the last anchor and the last checkpoint may have been added or cut off by anybody who can write the file.'

function reasonOf(slot: Slot, anchored: boolean): Markup[] {
  const place = 'badSeq' in slot && slot.badSeq !== undefined ? `, record ${slot.badSeq}` : ''
  if ('reason' in slot && slot.reason !== undefined) return [html`<li>${slot.file}${place}: ${slot.reason}</li>`]
  if (!('end' in slot)) return []
  if (anchored && (slot.end === 'not_established' || !('anchoredUpTo' in slot.end)))
    return [html`<li>${slot.file}: none of the anchors is about this trail</li>`]
  return slot.end === 'not_established'
    ? [html`<li>${slot.file}: the key of this slot is gone, and there is no anchor</li>`]
    : []
}

function trails(slots: readonly Slot[]): Markup {
  const columns = [
    'File',
    'Verdict',
    'Records',
    'Proved up to',
    'Sealed up to',
    'Pruned before',
    'Torn bytes',
    'Clock set back',
  ]
  const rows = slots.map((slot) => {
    const known = 'records' in slot ? slot : undefined
    return [
      { show: shown(slot.file) },
      { show: slot.verdict },
      ...[
        number(known?.records ?? 0),
        endOf(slot),
        recordNumber(known?.sealedUpTo),
        recordNumber(known?.prunedTo?.size),
      ].map((show) => ({ show })),
      { show: number(known?.tornBytes ?? 0) },
      { show: `${number(known?.clockSteps ?? 0)} times` },
    ]
  })
  return table({ caption: 'Trails of this directory', columns, rows })
}

const recordNumber = (seq: number | undefined): string => (seq === undefined ? '–' : `record ${seq}`)

function endOf(slot: Slot): string {
  if (!('end' in slot) || slot.end === 'not_established') return 'not established'
  if ('anchoredUpTo' in slot.end) return `record ${slot.end.anchoredUpTo}, by an anchor`
  return `record ${slot.end.liveKeyUpTo}, by the key of the slot`
}
