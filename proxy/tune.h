/*
 * tune.h - a server's memory goes back to the system.
 */
#ifndef PROXY_TUNE_H
#define PROXY_TUNE_H

/* Before other threads are there. */
void tune_memory(void);

#endif
