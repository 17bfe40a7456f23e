/*
 * tune.h - the process of a server: memory goes back to the system, as many connections
 * as the limits permit.
 */
#ifndef PROXY_TUNE_H
#define PROXY_TUNE_H

/* Before other threads are there. */
void tune_process(void);

#endif
