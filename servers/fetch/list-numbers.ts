// The mark before each item of the lists that are open: a dash, or the number that a browser would show.
import type { Attributes } from './visible-events.ts'

type List = { next: number | undefined; readonly step: 1 | -1 }

const NUMBER = /^\d{1,6}$/

export class ListNumbers {
  readonly #lists: List[] = []

  get isOpen(): boolean {
    return this.#lists.length > 0
  }

  open(ordered: boolean, { start = '', reversed }: Attributes): void {
    const first = NUMBER.test(start) ? Number(start) : 1
    this.#lists.push({ next: ordered ? first : undefined, step: reversed === undefined ? 1 : -1 })
  }

  close(): void {
    this.#lists.pop()
  }

  mark({ value = '' }: Attributes): string {
    const list = this.#lists.at(-1)
    if (list?.next === undefined) return '- '
    const number = Math.max(0, NUMBER.test(value) ? Number(value) : list.next)
    list.next = number + list.step
    return `${number}. `
  }
}
