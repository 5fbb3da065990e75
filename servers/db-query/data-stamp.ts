// Tells whether a database file has changed since another moment, the same way in every process that reads it.
import { fstatSync, openSync, readSync } from 'node:fs'

/** Bytes that change with every commit; undefined while a commit is being published, or when they cannot be read. */
export type Stamp = Buffer | undefined
export type DataStamp = Readonly<{
  /** In WAL mode a commit can come between the snapshot and the look: compare with a look from before the snapshot. */
  wal(): boolean
  read(): Stamp
}>

// Never closed: closing any descriptor of a file drops the process's POSIX locks on it, SQLite's own included
// (sqlite.org/howtocorrupt.html §2.2).
const descriptors = new Map<string, number>()

export function dataStamp(file: string): DataStamp {
  const isWal = () => bytesAt(file, HEADER)?.[READ_VERSION] === WAL
  return { wal: isWal, read: () => (isWal() ? walStamp(file) : bytesAt(file, CHANGES)) }
}

type Range = Readonly<{ from: number; bytes: number }>

const HEADER: Range = { from: 0, bytes: 20 }
const READ_VERSION = 19 // file format §1.3.3: 2 is WAL
const WAL = 2
const CHANGES: Range = { from: 24, bytes: 8 } // §1.3.7 change counter, §1.3.8 size in pages
const WAL_INDEX: Range = { from: 0, bytes: 96 } // WAL-index format §2.1: two copies of the header, written one after the other

function walStamp(file: string): Stamp {
  const both = bytesAt(`${file}-shm`, WAL_INDEX)
  if (both === undefined || !both.subarray(0, 48).equals(both.subarray(48))) return undefined
  return both.subarray(0, 48)
}

function bytesAt(path: string, { from, bytes }: Range): Stamp {
  const buffer = Buffer.alloc(bytes)
  try {
    return readSync(descriptorOf(path), buffer, 0, bytes, from) === bytes ? buffer : undefined
  } catch {
    return undefined
  }
}

function descriptorOf(path: string): number {
  const known = descriptors.get(path)
  if (known !== undefined && fstatSync(known).nlink > 0) return known // -shm is removed by the last one that leaves
  const opened = openSync(path, 'r')
  descriptors.set(path, opened)
  return opened
}
