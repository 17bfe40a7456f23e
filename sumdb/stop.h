/*
 * stop.h - commands that work on until SIGTERM or SIGINT.
 */
#ifndef SUMDB_STOP_H
#define SUMDB_STOP_H

#include <stdbool.h>

/* From now on the two signals do not end the process. */
void stop_catch(void);
/* Waits so long; false as soon as one of them has come. */
bool stop_wait(int seconds);

#endif
