// How a server process says why it ended (sysexits.h).

/** It was started wrongly, and said so in one line. */
export const EXIT_CONFIG = 78
/** It broke. Whoever supervises it may start it again. */
export const EXIT_BROKEN = 70
