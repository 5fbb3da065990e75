// W3C Trace Context §3.2.2, version 00: zeros are no id.

/** Its groups are trace id, parent id and flags. */
export const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/
